{# Stops the build with one line in which each {} stands for the next of the expressions. It belongs into a branch of a
   case that decides a filter or a column that is used, or DuckDB may not arrive at it. #}
{% macro stop(message, expressions) -%}
    error(format(
        {{ sql_text(message) }}
        {%- for expression in expressions %}, coalesce(cast({{ expression }} as varchar), '(empty)'){% endfor -%}
    ))
{%- endmacro %}
