{#
    The gate of a pipeline: the newest known period of each target. A breached target of the given severity is a failure,
    and each is named with its value and its limit; one without data is told, because silence is no consent.

    Tagged `gate`: a plain build leaves these tests out (selectors.yml), `dbt build --select tag:gate` runs them.
#}
{% test target_gate(model, of_severity) %}
    {%- set current -%}
        select
            target_id,
            status,
            format(
                'target {}, {} from {}: {:.6f} {} per {} {}, limit {:.6f}',
                target_id, grain, period_start, cast(cost_per_unit as double), currency, unit_scale, unit,
                cast(max_cost_per_unit as double)
            ) as finding
        from {{ model }}
        where is_current and severity = '{{ of_severity }}'
    {%- endset -%}
    {%- set unknown -%}
        select
            'target ' || target_id || ': no data (' || max_by(status_reason, period_start) || ')' as finding
        from {{ model }}
        where severity = '{{ of_severity }}'
        group by target_id
        -- a target that has ended is silent for good
        having not bool_or(is_current) and max_by(status, period_start) = 'no_data'
    {%- endset -%}
    {%- if execute and flags.WHICH in ('build', 'test') -%}
        {%- for row in run_query("select finding from (" ~ current ~ ") where status = 'breached'") -%}
            {%- do log((of_severity | upper) ~ ' ' ~ row[0], info=True) -%}
        {%- endfor -%}
        {%- for row in run_query(unknown) -%}
            {%- do log('NOTE ' ~ row[0], info=True) -%}
        {%- endfor -%}
    {%- endif %}
    select finding
    from ({{ current }})
    where
        status = 'breached'
        {% if of_severity == 'error' -%}
        and {{ raise("'gate: ' || finding") }} is not null
        {%- endif %}
{% endtest %}
