{# What units come to at a price for `scale` of them, as money: the other direction of cost_per_unit, as exact. #}
{% macro amount_at_price(price, units, scale) -%}
    {{ cost_per_unit(price, scale, 'cast(' ~ units ~ ' as ' ~ wide_integer() ~ ')') }}
{%- endmacro %}
