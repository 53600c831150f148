{# The grains of periods, as rows of one column: the only list of them. #}
{% macro grains() -%}
    (values ('day'), ('week'), ('month')) as grains (grain)
{%- endmacro %}

{# The first day of the period that a date lies in. Grain: an expression that is day, week or month; weeks begin on var week_start. #}
{% macro period_start(date, grain) -%}
    case {{ grain }}
        when 'day' then {{ date }}
        when 'week' then {{ date }} - cast(({{ weekday_of(date) }} - {{ week_start_isodow() }} + 7) % 7 as integer)
        when 'month' then cast(date_trunc('month', {{ date }}) as date)
    end
{%- endmacro %}

{# The day after the last one of the period that begins on a date. #}
{% macro period_end(period_start, grain) -%}
    cast(
        case {{ grain }}
            when 'day' then {{ period_start }} + interval 1 day
            when 'week' then {{ period_start }} + interval 7 day
            when 'month' then {{ period_start }} + interval 1 month
        end as date
    )
{%- endmacro %}

{% macro week_start_isodow() -%}
    {%- set days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] -%}
    {%- set week_start = var('week_start') | lower -%}
    {%- if week_start not in days -%}
        {{ exceptions.raise_compiler_error("var week_start: '" ~ var('week_start') ~ "' is not the name of a weekday") }}
    {%- endif -%}
    {{- days.index(week_start) + 1 -}}
{%- endmacro %}

{# Charges and telemetry are cut at midnight UTC, so a day of another zone cannot be put together from them. #}
{% macro check_reporting_timezone() -%}
    {%- if var('reporting_timezone') not in ['UTC', 'Etc/UTC'] -%}
        {{ exceptions.raise_compiler_error(
            "var reporting_timezone: '" ~ var('reporting_timezone') ~ "' is not supported, days are UTC; set it to UTC"
        ) }}
    {%- endif -%}
{%- endmacro %}
