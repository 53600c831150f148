{# Each variable that is a number, with the least and the most that it may be; null is no limit. #}
{% macro ranges_of_variables() -%}
    {{- return({
        'closing_max_unallocated_share': (0, 1),
        'closing_max_unobserved_share': (0, 1),
        'closing_max_conformance_share': (0, 1),
        'closing_max_invoices_share': (0, 1),
        'month_close_days': (0, none),
        'calendar_years_ahead': (0, none),
        'min_telemetry_coverage': (0, 1),
        'scrape_max_gap_seconds': (1, none),
        'restart_max_gap_seconds': (1, none),
        'max_unknown_share': (0, 1),
        'max_share_without_user': (0, 1),
        'metering_tolerance': (0, 1),
        'metering_tolerance_requests': (0, none),
        'forecast_horizon_days': (1, none),
        'scaling_weeks': (6, none),
        'scaling_margin': (0, none),
        'scaling_steady_margin': (0, none),
        'release_gate_minimum_daily_units': (0, none),
        'anomaly_spreads': (0, none),
        'anomaly_minimum_deviation': (0, none)
    }) -}}
{%- endmacro %}

{# A hook of each run: a share of 5 or -5 days would stop at a test that names no variable, or pass and count otherwise than it says. #}
{% macro require_variables_in_range() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'seed', 'snapshot', 'test', 'retry'] %}
    {%- set wrong = [] %}
    {%- for name, (least, most) in ranges_of_variables().items() %}
        {%- set number = (var(name) | string) | float(none) %}
        {%- if number is none or not number >= least or (most is not none and number > most) %}
            {%- do wrong.append(
                'variable ' ~ name ~ ": '" ~ var(name) ~ "' is no number "
                ~ ('of ' ~ least ~ ' or more' if most is none else 'from ' ~ least ~ ' to ' ~ most)
            ) %}
        {%- endif %}
    {%- endfor %}
    {%- if wrong %}
        {%- do exceptions.raise_compiler_error(wrong | join('; ') ~ '. Correct it in dbt_project.yml or --vars; nothing was changed') %}
    {%- endif %}
    {%- endif %}
{%- endmacro %}
