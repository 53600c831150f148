{# Money is DECIMAL(38, 18): wide enough for what cloud exports carry, and exact to add.
   It is allocated as integers of its smallest unit, because DECIMAL / DECIMAL is a float in DuckDB. #}

{% macro money_type() -%} decimal(38, 18) {%- endmacro %}

{% macro money_to_units(amount) -%}
    (
        cast({{ whole_part(amount) }} as {{ wide_integer() }}) * cast(1000000000000000000 as {{ wide_integer() }})
        + cast(
            ({{ amount }} - {{ whole_part(amount) }}) * cast(1000000000000000000 as decimal(19, 0)) as {{ wide_integer() }}
        )
    )
{%- endmacro %}

{% macro units_to_money(units) -%}
    (cast({{ units }} as decimal(38, 0)) * cast(0.000000000000000001 as decimal(18, 18)))
{%- endmacro %}

{# (a * b) // c for integers, without a product that could overflow. #}
{% macro multiply_divide(a, b, c) -%}
    ({{ quotient(a, c) }} * {{ b }} + {{ quotient('((' ~ a ~ ' % ' ~ c ~ ') * ' ~ b ~ ')', c) }})
{%- endmacro %}
