{# FOCUS versions from old to new; a version's place in the list is its number. #}
{% macro focus_versions() -%} {{ sql_texts(['1.0-preview', '1.0', '1.1', '1.2', '1.3', '1.4']) }} {%- endmacro %}

{% macro focus_version_number(version) -%} cast(nullif(array_position({{ focus_versions() }}, {{ version }}), 0) as integer) {%- endmacro %}

{# How far a sum of billed costs may lie from what it should be (FOCUS 1.4): the larger of a hundred smallest units of
   the currency, and half a unit times the root of the number of rows. #}
{% macro billing_tolerance(row_count, minor_unit_digits) -%}
    cast(greatest(100, 0.5 * sqrt({{ row_count }})) / power(10, coalesce({{ minor_unit_digits }}, 2)) as {{ money_type() }})
{%- endmacro %}

{# True where a cost is not price times quantity, to within 0.0001 or a millionth of it. Real exports are up to 0.00006
   off. The comparison is approximate by intention, and the exact product has more digits than a DECIMAL holds. #}
{% macro differs_from_product(cost, price, quantity) -%}
    abs(cast({{ cost }} as double) - cast({{ price }} as double) * cast({{ quantity }} as double))
        > greatest(0.0001, 0.000001 * abs(cast({{ cost }} as double)))
{%- endmacro %}

{# What a finding about a charge is about, in money: the larger of what was billed and what it counts for, without its sign. #}
{% macro touched_cost() -%} greatest(abs(coalesce(effective_cost, 0)), abs(coalesce(billed_cost, 0))) {%- endmacro %}
