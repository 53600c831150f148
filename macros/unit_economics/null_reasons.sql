{# Why a day of a deployment is not counted for a unit: the rows of the seed null_reasons but no_units, of which a day is counted. #}
{% macro uncounted_reasons() -%}
    {{ return(['no_cost', 'no_telemetry', 'coverage_below_minimum', 'meter_broken', 'meter_missing']) }}
{%- endmacro %}

{# Of the reasons in a window the one that counts first; null where there is none. #}
{% macro first_reason(null_reason, window) -%}
    coalesce(
        {%- for reason in uncounted_reasons() %}
        max(case when {{ null_reason }} = '{{ reason }}' then {{ null_reason }} end) over {{ window }}
        {{- ', ' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
