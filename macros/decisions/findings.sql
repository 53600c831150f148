{# Figures in a sentence: the rule of src/ai_unit_economics/figures.py, which a test holds these to. #}
{% macro money_text(amount) -%}
    replace({{ number_text('round(' ~ amount ~ ', 2) + 0', 2) }}, '-', '−')
{%- endmacro %}

{% macro percent_text(share) -%}
    replace({{ number_text('round(100 * (' ~ share ~ '), 1) + 0', 1) }} || ' %', '-', '−')
{%- endmacro %}

{% macro unit_cost_text(amount) -%}
    {%- set decimals = 'greatest(4, 3 - cast(floor(log10(nullif(abs(' ~ amount ~ '), 0))) as integer))' -%}
    replace({{ number_text(amount, decimals) }}, '-', '−')
{%- endmacro %}

{# What an amount of so many days comes to in thirty of them. #}
{% macro per_month(amount, days) -%}
    {{ cost_per_unit(amount, days, '30') }}
{%- endmacro %}

{# What of a cost an effect on it has made: cost is that of after, so that effect / (1 + effect) of it is new. An effect
   is an estimate, and so is this amount: to a millionth. #}
{% macro amount_of_effect(cost, effect) -%}
    cast(round({{ cost }} * {{ effect }} / nullif(1 + {{ effect }}, 0), 6) as {{ money_type() }})
{%- endmacro %}
