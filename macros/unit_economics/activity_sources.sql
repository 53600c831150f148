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

{# An attribute of a deployment where a log tells it: request rows do, product activity where all deployments of a workload share it. #}
{% macro shared_attribute(attribute, workload_day) -%}
    case
        when
            counted_days.activity_source = 'requests'
            or min({{ attribute }}) over {{ workload_day }} = max({{ attribute }}) over {{ workload_day }}
            then {{ attribute }}
    end
{%- endmacro %}
