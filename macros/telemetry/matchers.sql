{# Label conditions as Prometheus writes them, name='v', name!='v', name=~'re', name!~'re', as a list of structs. #}
{% macro parse_matchers(text) -%}
    list_transform(
        regexp_extract_all(coalesce({{ text }}, ''), '[A-Za-z_][A-Za-z0-9_]*(?:=~|!~|!=|=)''[^'']*'''),
        lambda matcher: regexp_extract(
            matcher, '([A-Za-z_][A-Za-z0-9_]*)(=~|!~|!=|=)''([^'']*)''', ['label', 'operator', 'value']
        )
    )
{%- endmacro %}

{# Whether labels satisfy all matchers; an absent label is an empty one and expressions are anchored, as in Prometheus. #}
{% macro labels_match(labels, matchers) -%}
    coalesce(list_bool_and(list_transform(
        {{ matchers }},
        lambda matcher: case matcher.operator
            when '=' then coalesce({{ labels }}[matcher.label], '') = matcher.value
            when '!=' then coalesce({{ labels }}[matcher.label], '') <> matcher.value
            when '=~' then regexp_full_match(coalesce({{ labels }}[matcher.label], ''), matcher.value)
            else not regexp_full_match(coalesce({{ labels }}[matcher.label], ''), matcher.value)
        end
    )), true)
{%- endmacro %}
