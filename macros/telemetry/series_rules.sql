{# The first rule of series_rules that matches each row's `labels`, a map, in each era: key, deployment_id, role, and the era's
   valid_from and valid_to. A `$value` that is no deployment does not match: the next rule has its turn, and the name is
   `undeclared_value`. #}
{% macro match_series_rules(labelled, key) %}
    select
        named_rules.{{ key }},
        eras.valid_from,
        eras.valid_to,
        min_by(deployment_id, priority) filter (where is_declared) as deployment_id,
        {{ value_at('min', 'role', 'priority') }} filter (where is_declared) as role,
        min_by(deployment_id, priority) filter (where not is_declared) as undeclared_value
    from (
        select
            named.*,
            named.deployment_id in (select known.deployment_id from {{ ref('deployments') }} as known) as is_declared
        from (
            select
                labelled.{{ key }},
                rules.priority,
                rules.role,
                rules.valid_from,
                rules.valid_to,
                case
                    when rules.deployment_id != '$value' then rules.deployment_id
                    -- the first group of an expression that has one, else the whole label
                    when rules.operator = 'regex'
                        then coalesce(
                            nullif(regexp_extract(labelled.labels[rules.label], rules.value || '()', 1), ''),
                            labelled.labels[rules.label]
                        )
                    else labelled.labels[rules.label]
                end as deployment_id
            from {{ labelled }} as labelled
            inner join {{ ref('series_rules') }} as rules
                on case rules.operator
                    when 'equals' then labelled.labels[rules.label] = rules.value
                    when 'like' then labelled.labels[rules.label] like rules.value
                    when 'regex' then {{ matches('labelled.labels[rules.label]', 'rules.value') }}
                    when 'exists' then coalesce(labelled.labels[rules.label], '') != ''
                end
        ) as named
    ) as named_rules
    inner join {{ ref('int_usage__rule_eras') }} as eras on {{ in_effect('named_rules', 'eras.valid_from') }}
    group by named_rules.{{ key }}, eras.valid_from, eras.valid_to
{% endmacro %}

{# Text columns as a map of labels, without those that are null. #}
{% macro labels_from(columns) -%}
    {%- set entries = [] -%}
    {%- for label, column in columns.items() -%}
        {%- do entries.append(struct_of({'key': "'" ~ label ~ "'", 'value': column})) -%}
    {%- endfor -%}
    map_from_entries({{ list_where(list_of(entries), 'entry', 'entry.value is not null') }})
{%- endmacro %}
