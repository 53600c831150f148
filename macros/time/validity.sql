{# Whether a row with a validity [valid_from, valid_to), null open, is in effect on a day. #}
{% macro in_effect(row, day) -%}
    {{ day }} >= coalesce({{ row }}.valid_from, date '0001-01-01')
    and {{ day }} < coalesce({{ row }}.valid_to, date '9999-12-31')
{%- endmacro %}
