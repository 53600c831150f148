{# The variable activity_sources: of some workloads, who tells their users and sessions. #}
{% macro activity_sources() -%}
    {%- set known = ['requests', 'product', 'both'] -%}
    {%- set chosen = var('activity_sources') -%}
    {%- if chosen is not mapping -%}
        {{ exceptions.raise_compiler_error(
            "var activity_sources: it is a mapping of workloads, such as {assistant: product}, and not '" ~ chosen ~ "'"
        ) }}
    {%- endif -%}
    {%- set wrong = [] -%}
    {%- for workload, source in chosen.items() if source not in known -%}
        {%- do wrong.append(workload ~ ': ' ~ source) -%}
    {%- endfor -%}
    {%- if wrong -%}
        {{ exceptions.raise_compiler_error(
            "var activity_sources: " ~ wrong | join(', ') ~ " is none of " ~ known | join(', ') ~ "; name one of them"
        ) }}
    {%- endif -%}
    {{ return(chosen) }}
{%- endmacro %}
