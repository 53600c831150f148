{# One expression for each name of a list, after a pattern in which {0} is the name:
   columns(cost_origins(), 'sum({0}_cost) as {0}_cost') is sum(direct_cost) as direct_cost, and so on. #}
{% macro columns(names, pattern='{0}', separator=',\n    ') -%}
    {%- for name in names -%}
        {{ pattern | replace('{0}', name) }}{{ separator if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
