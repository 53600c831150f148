{#
    The gate of a pipeline: the newest release of each deployment. One that fails stops it, and is named with its effect and
    the threshold; one that warns or is inconclusive is told.
#}
{% test release_gate(model) %}
    {%- set newest -%}
        select
            verdict,
            format(
                'release {} of {} since {}: {} ({})', release, deployment_id, released_on, verdict, verdict_reason
            ) || coalesce(
                format(', cost per {} {:+.1f} % at equal volume, limit {:+.1f} %', unit, effect * 100, threshold * 100), ''
            ) as finding
        from {{ model }}
        where is_newest
    {%- endset -%}
    {%- if execute and flags.WHICH in ('build', 'test') -%}
        {%- for row in run_query("select upper(verdict), finding from (" ~ newest ~ ") where verdict != 'pass'") -%}
            {%- do log(row[0] ~ ' ' ~ row[1], info=True) -%}
        {%- endfor -%}
    {%- endif %}
    select finding
    from ({{ newest }})
    where verdict = 'fail' and {{ raise("'gate: ' || finding") }} is not null
{% endtest %}
