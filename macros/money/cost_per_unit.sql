{# The one division of the project: money over a count, times the scale ("per million"), as money.
   Done in integers and rounded half up (away from zero below it), so that no float is ever near a price.
   Null where there are no units. #}
{% macro cost_per_unit(cost, units, scale) -%}
    {%- set amount = 'abs(' ~ money_to_units(cost) ~ ')' -%}
    {%- set divisor = 'nullif(cast(' ~ units ~ ' as ' ~ wide_integer() ~ '), 0)' -%}
    {{ units_to_money(
        '((' ~ sign_of(cost) ~ ') * (' ~ multiply_divide(amount, scale, divisor)
        ~ ' + case when 2 * (((' ~ amount ~ ' % ' ~ divisor ~ ') * ' ~ scale ~ ') % ' ~ divisor ~ ') >= '
        ~ divisor ~ ' then 1 else 0 end))'
    ) }}
{%- endmacro %}
