{# An amount at an exchange rate, in integers: DECIMAL * DECIMAL would overflow. Half a unit is rounded away from zero.
   The rate is a DECIMAL with twelve decimals at most. #}
{% macro convert_money(amount, rate) -%}
    {%- set units = 'abs(' ~ money_to_units(amount) ~ ')' -%}
    {%- set rate_units = 'cast(' ~ rate ~ ' * 1000000000000 as ' ~ wide_integer() ~ ')' -%}
    {%- set scale = 'cast(1000000000000 as ' ~ wide_integer() ~ ')' -%}
    {{ units_to_money(
        '(' ~ sign_of(amount) ~ ') * (' ~ multiply_divide(units, rate_units, scale)
        ~ ' + case when 2 * (((' ~ units ~ ' % ' ~ scale ~ ') * ' ~ rate_units ~ ') % ' ~ scale ~ ') >= ' ~ scale
        ~ ' then 1 else 0 end)'
    ) }}
{%- endmacro %}

{# A cost of the bill in the reporting currency; without a rate the build stops, and says for which day and source. #}
{% macro in_reporting_currency(amount, currency, date_day, source, rate) -%}
    {%- set reporting_currency = sql_text(var('reporting_currency')) -%}
    case
        when {{ currency }} = {{ reporting_currency }} then {{ amount }}
        when {{ rate }} is null
            then {{ stop(
                'seeds/config/exchange_rates.csv: no rate from {} to {} on or before {}, which source {} needs; add it',
                [currency, reporting_currency, date_day, source]
            ) }}
        else {{ convert_money(amount, rate) }}
    end
{%- endmacro %}
