{# Violated rules of a severity, one readable line each. Errors stop the build, and say all of them at once. #}
{% test no_violated_rules(model, rule_severity) %}
    with violated as (
        select
            'source ' || source || ' breaks ' || rule_id || ' in ' || violating_count || ' of ' || checked_count || ': '
            || rule || '. First in ' || coalesce(example_source_file, 'a sum') || coalesce(', row ' || example_row, '')
            || coalesce(' (' || example_value || ')', '') || '. ' || coalesce(reason || '.', '') as message
        from {{ model }}
        where status = 'violated' and severity = '{{ rule_severity }}'
    )
    {% if rule_severity == 'error' -%}
    -- all of them at once
    select messages
    from (
        select
            {{ texts_of_group('message', '\n') }}
            || chr(10) || 'Correct the export, or make the rule a warning in seeds/reference/focus_conformance_rules.csv'
                as messages
        from violated
    ) as joined
    where messages is not null and {{ raise('messages') }} is not null
    {%- else -%}
    select message
    from violated
    {%- endif %}
{% endtest %}
