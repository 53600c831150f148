{# Why a day of a deployment is not counted for a unit: the rows of the seed null_reasons but no_units, of which a day is counted. #}
{% macro uncounted_reasons() -%}
    {{ return(['no_cost', 'no_telemetry', 'coverage_below_minimum', 'meter_broken', 'meter_missing']) }}
{%- endmacro %}
