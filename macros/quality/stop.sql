{# Stops the build with one line in which each {} stands for the next of the expressions. It belongs into a branch of a
   case that decides a filter or a column that is used, or DuckDB may not arrive at it. #}
{% macro stop(message, expressions) -%}
    {%- set parts = [] -%}
    {%- for text in message.split('{}') -%}
        {%- do parts.append(sql_text(text)) -%}
        {%- do parts.append('coalesce(cast(' ~ expressions[loop.index0] ~ " as string), '(empty)')") if not loop.last -%}
    {%- endfor -%}
    {{- raise(parts | join(' || ')) -}}
{%- endmacro %}
