{# Whether a cost is above its limit by more than rounding: shares of a bill are cut to 18 decimals and statistics are
   floating, so that what costs its limit exactly may miss it in the last digits. #}
{% macro is_above(cost, limit) -%}
    cast({{ cost }} as double) > cast({{ limit }} as double) * (1 + 0.000000001)
{%- endmacro %}
