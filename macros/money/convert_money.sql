{# An amount at an exchange rate, in integers: DECIMAL * DECIMAL would overflow. Half a unit is rounded away from zero.
   The rate is a DECIMAL with twelve decimals at most. #}
{% macro convert_money(amount, rate) -%}
    {%- set units = 'abs(' ~ money_to_units(amount) ~ ')' -%}
    {%- set rate_units = 'cast(' ~ rate ~ ' * 1000000000000 as hugeint)' -%}
    {%- set scale = 'cast(1000000000000 as hugeint)' -%}
    {{ units_to_money(
        'sign(' ~ amount ~ ') * (' ~ multiply_divide(units, rate_units, scale)
        ~ ' + case when 2 * (((' ~ units ~ ' % ' ~ scale ~ ') * ' ~ rate_units ~ ') % ' ~ scale ~ ') >= ' ~ scale
        ~ ' then 1 else 0 end)'
    ) }}
{%- endmacro %}
