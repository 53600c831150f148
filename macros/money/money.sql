{# Money is DECIMAL(38, 18): wide enough for what cloud exports carry, and exact to add.
   It is allocated as integers of its smallest unit, because DECIMAL / DECIMAL is a float in DuckDB. #}

{% macro money_type() -%} decimal(38, 18) {%- endmacro %}

{% macro money_to_units(amount) -%}
    (
        cast(trunc({{ amount }}) as hugeint) * cast(1000000000000000000 as hugeint)
        + cast(({{ amount }} - trunc({{ amount }})) * cast(1000000000000000000 as decimal(19, 0)) as hugeint)
    )
{%- endmacro %}

{% macro units_to_money(units) -%}
    (cast({{ units }} as decimal(38, 0)) * cast(0.000000000000000001 as decimal(18, 18)))
{%- endmacro %}

{# (a * b) // c for integers, without a product that could overflow. #}
{% macro multiply_divide(a, b, c) -%}
    (({{ a }} // {{ c }}) * {{ b }} + (({{ a }} % {{ c }}) * {{ b }}) // {{ c }})
{%- endmacro %}
