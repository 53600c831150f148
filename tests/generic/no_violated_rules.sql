{# Violated rules of a severity, one readable line each; an error stops the build with its first line. #}
{% test no_violated_rules(model, rule_severity) %}
    with violated as (
        select
            'source ' || source || ' breaks ' || rule_id || ' in ' || violating_count || ' of ' || checked_count || ': '
            || rule || '. First in ' || coalesce(example_source_file, 'a sum') || coalesce(', row ' || example_row, '')
            || coalesce(' (' || example_value || ')', '') || '. ' || coalesce(reason || '.', '') as message
        from {{ model }}
        where status = 'violated' and severity = '{{ rule_severity }}'
        order by source, rule_id
    )
    select message
    from violated
    {% if rule_severity == 'error' %}
    where
        error(
            message || ' Correct the export, or make the rule a warning in seeds/reference/focus_conformance_rules.csv'
        ) is not null
    {% endif %}
{% endtest %}
