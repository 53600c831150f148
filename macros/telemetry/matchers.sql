{# Label conditions as Prometheus writes them, name='v', name!='v', name=~'re', name!~'re', as a list of structs. #}
{% macro parse_matchers(text) -%}
    {%- set matcher = "([A-Za-z_][A-Za-z0-9_]*)(=~|!~|!=|=)\\x27([^\\x27]*)\\x27" -%}
    {{ list_of_each(
        "regexp_extract_all(coalesce(" ~ text ~ ", ''), '" ~ matcher ~ "', 0)",
        'matcher',
        struct_of({
            'label': "regexp_extract(matcher, '" ~ matcher ~ "', 1)",
            'operator': "regexp_extract(matcher, '" ~ matcher ~ "', 2)",
            'value': "regexp_extract(matcher, '" ~ matcher ~ "', 3)"
        })
    ) }}
{%- endmacro %}

{# Whether labels satisfy all matchers; an absent label is an empty one and expressions are anchored, as in Prometheus. #}
{% macro labels_match(labels, matchers) -%}
    {%- set label = 'coalesce(' ~ labels ~ "[matcher.label], '')" -%}
    {%- set condition -%}
        not case matcher.operator
            when '=' then {{ label }} = matcher.value
            when '!=' then {{ label }} != matcher.value
            when '=~' then {{ matches_all(label, 'matcher.value') }}
            else not {{ matches_all(label, 'matcher.value') }}
        end
    {%- endset -%}
    {{ length_of(list_where(matchers, 'matcher', condition)) }} = 0
{%- endmacro %}
