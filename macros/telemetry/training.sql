{# A count from text that may carry an exponent or decimals; what is no number, or negative, is unknown. #}
{% macro whole_count(text) -%}
    case when try_cast({{ text }} as double) >= 0
        then coalesce(try_cast({{ text }} as bigint), try_cast(round(try_cast({{ text }} as double)) as bigint))
    end
{%- endmacro %}

{# Aliases for a table whose columns keep their names. #}
{% macro same_names(columns) -%}
    {%- set rows = [] -%}
    {%- for column in columns -%} {%- do rows.append({'column_name': column, 'alias': column}) -%} {%- endfor -%}
    {{- return(rows) -}}
{%- endmacro %}
