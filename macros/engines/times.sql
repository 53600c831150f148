{# A row for each step from the first to the last time, both included; null has none. One in a select. #}
{% macro each_time(first, last, step='interval 1 day') -%}
    {{ return(adapter.dispatch('each_time', 'ai_unit_economics')(first, last, step)) }}
{%- endmacro %}

{% macro default__each_time(first, last, step) -%} unnest(generate_series({{ first }}, {{ last }}, {{ step }})) {%- endmacro %}

{# Spark's sequence would count down where the last is before the first. #}
{% macro spark__each_time(first, last, step) -%}
    explode(case when {{ first }} <= {{ last }} then sequence({{ first }}, {{ last }}, {{ step }}) else array() end)
{%- endmacro %}

{# The same as dates. #}
{% macro each_day(first, last) -%} {{ return(adapter.dispatch('each_day', 'ai_unit_economics')(first, last)) }} {%- endmacro %}

{% macro default__each_day(first, last) -%}
    cast(unnest(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval 1 day)) as date)
{%- endmacro %}

{% macro spark__each_day(first, last) -%} {{ spark__each_time(first, last, 'interval 1 day') }} {%- endmacro %}

{# 1 on Mondays to 7 on Sundays. #}
{% macro weekday_of(date) -%} ({{ days_between("date_trunc('week', " ~ date ~ ")", date) }} + 1) {%- endmacro %}

{# A date or time as text, after a pattern of %Y, %m, %d, %B (October) and %A (Monday). #}
{% macro date_text(time, pattern) -%} {{ return(adapter.dispatch('date_text', 'ai_unit_economics')(time, pattern)) }} {%- endmacro %}

{% macro default__date_text(time, pattern) -%} strftime({{ time }}, '{{ pattern }}') {%- endmacro %}

{% macro spark__date_text(time, pattern) -%}
    date_format({{ time }}, '{{ pattern | replace('%Y', 'yyyy') | replace('%m', 'MM') | replace('%d', 'dd') | replace('%B', 'MMMM') | replace('%A', 'EEEE') }}')
{%- endmacro %}

{# Whole days from a date to a later one. #}
{% macro days_between(earlier, later) -%} {{ return(adapter.dispatch('days_between', 'ai_unit_economics')(earlier, later)) }} {%- endmacro %}

{% macro default__days_between(earlier, later) -%} date_diff('day', {{ earlier }}, {{ later }}) {%- endmacro %}

{% macro spark__days_between(earlier, later) -%} datediff({{ later }}, {{ earlier }}) {%- endmacro %}

{# A UTC time by the clock of a zone. #}
{% macro local_time(time, zone) -%} {{ return(adapter.dispatch('local_time', 'ai_unit_economics')(time, zone)) }} {%- endmacro %}

{% macro default__local_time(time, zone) -%} ({{ time }} at time zone 'UTC' at time zone '{{ zone }}') {%- endmacro %}

{% macro spark__local_time(time, zone) -%} from_utc_timestamp({{ time }}, '{{ zone }}') {%- endmacro %}

{# A time that is written as ISO 8601 says, in UTC where it names no zone; null where it is no such time. #}
{% macro time_of_text(text) -%} {{ return(adapter.dispatch('time_of_text', 'ai_unit_economics')(text)) }} {%- endmacro %}

{% macro default__time_of_text(text) -%} try_cast({{ text }} as timestamptz) at time zone 'UTC' {%- endmacro %}

{# Spark would also read `2024-01-01T`, and a zone after a day; it does not read two blanks, and a zone where no seconds are. #}
{% macro spark__time_of_text(text) -%}
    case
        when
            regexp_like(
                {{ text }},
                '^\d+-\d\d?-\d\d?([T ] *\d\d?:\d\d?(:\d\d?(\.\d*)?)?(Z| (?!Z$)[A-Za-z/_]+|[+-]\d\d(:?\d\d)?)?)?$'
            )
            then try_cast(
                regexp_replace(
                    regexp_replace({{ text }}, ' +', ' '), '^(\S+[T ]\d\d?:\d\d?)(Z| [A-Za-z/_]+|[+-]\S*)?$', '$1:00$2'
                ) as timestamp
            )
    end
{%- endmacro %}

{# A time that is written month/day/year, of two digits or four, with or without a time of day. #}
{% macro time_of_month_first(text) -%} {{ return(adapter.dispatch('time_of_month_first', 'ai_unit_economics')(text)) }} {%- endmacro %}

{% macro default__time_of_month_first(text) -%}
    try_strptime({{ text }}, [
        '%m/%d/%y', '%m/%d/%Y', '%m/%d/%y %H:%M', '%m/%d/%Y %H:%M', '%m/%d/%y %H:%M:%S', '%m/%d/%Y %H:%M:%S',
        '%m/%d/%y %I:%M:%S %p', '%m/%d/%Y %I:%M:%S %p'
    ])
{%- endmacro %}

{# Written anew as year-month-day: 69 to 99 are of the last century. Of twelve hours, 12 AM is the first. #}
{% macro spark__time_of_month_first(text) -%}
    element_at(
        transform(
            array(try_cast(
                regexp_replace(regexp_replace(regexp_replace(regexp_replace(
                    regexp_replace({{ text }}, ' +', ' '),
                    '^(\d\d?)/(\d\d?)/(69|[7-9]\d)( |$)', '$1/$2/19$3$4'),
                    '^(\d\d?)/(\d\d?)/(\d\d)( |$)', '$1/$2/20$3$4'),
                    '^(\d\d?)/(\d\d?)/(\d{4})( |$)', '$3-$1-$2$4'),
                    '^(\S+ (0?[1-9]|1[0-2]):\d\d?:\d\d?) [AaPp][Mm]$', '$1')
                as timestamp
            )),
            time -> case
                when not regexp_like({{ text }}, '^\d\d?/\d\d?/(\d\d|\d{4})( +\d\d?:\d\d?(:\d\d?( +[AaPp][Mm])?)?)?$') then null
                when regexp_like({{ text }}, '[Pp][Mm]$') and hour(time) < 12 then time + interval '12' hour
                when regexp_like({{ text }}, '[Aa][Mm]$') and hour(time) = 12 then time - interval '12' hour
                else time
            end
        ),
        1
    )
{%- endmacro %}
