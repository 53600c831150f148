{# Text of an export as typed values. What cannot be read gives null. #}

{# Blank, and the words NULL, null and \N, mean that there is nothing. #}
{% macro present_text(text) -%}
    case when {{ trimmed(text) }} not in ('', 'NULL', 'null', '\N') then {{ trimmed(text) }} end
{%- endmacro %}

{# What programs write for nothing into a text: no id, name or tag is called so. #}
{% macro is_null_word(text) -%}
    {{ text }} in (
        '', 'NULL', 'Null', 'null', '\N', '(null)', '<null>', 'None', 'none', 'NONE', '(none)', 'nil', 'undefined', 'NaN', 'nan', 'NAN',
        'NaT', '<NA>', 'N/A', 'n/a', '#N/A', '(not set)', '-', '--'
    )
{%- endmacro %}

{# A text that decides something by being there: an id, a name, a tag that a rule asks for. #}
{% macro present_word(text) -%} case when not {{ is_null_word(trimmed(text)) }} then {{ trimmed(text) }} end {%- endmacro %}

{# 1234.5 and 1.2E-7 as they are; $1,234.50 and -1,234 without their signs and separators. No thousands begin with 0: the comma of 0,125 is
   of decimals. #}
{% macro parse_decimal(text) -%}
    coalesce(
        {{ money_of_text(text) }},
        case
            when {{ matches_all(text, "'[-+]?[$€£¥]?[-+]?(\\d+|[1-9]\\d{0,2}(,\\d{3})+)(\\.\\d*)?'") }}
                then try_cast({{ replace_every(text, '[$€£¥,]', '') }} as {{ money_type() }})
        end
    )
{%- endmacro %}

{# ISO 8601 with and without T, seconds and zone (UTC where none is given), a blank before the zone; month/day/year; an hour
   beyond 23 is carried into the next day. DuckDB alone would read 9/1/24 as a day of the year 9. #}
{% macro parse_timestamp(text) -%}
    case
        when {{ text }} like '____-__-__%'
            then coalesce(
                {{ time_of_text(text) }},
                {{ time_without_seconds(text) }},
                case
                    when {{ matches(text, "' [+-]\\d\\d:?\\d\\d$'") }}
                        then {{ time_of_text("replace(replace(" ~ text ~ ", ' +', '+'), ' -', '-')") }}
                end,
                try_cast(left({{ text }}, 10) as timestamp)
                + interval 1 hour
                * try_cast(regexp_extract({{ text }}, '^\S{10}[T ](\d\d):\d\d:\d\dZ?$', 1) as integer)
                + interval 1 minute * try_cast(substr({{ text }}, 15, 2) as integer)
                + interval 1 second * try_cast(substr({{ text }}, 18, 2) as integer)
            )
        else {{ time_of_month_first(text) }}
    end
{%- endmacro %}

{# A time that is written day/month/year: the same as month/day/year with both in the other's place. #}
{% macro time_of_day_first(text) -%}
    {%- set parts = 'split(' ~ text ~ ", '/')" -%}
    case
        when contains({{ text }}, '/')
            then {{ time_of_month_first(
                element_of(parts, 2) ~ " || '/' || " ~ element_of(parts, 1) ~ " || '/' || " ~ element_of(parts, 3)
            ) }}
    end
{%- endmacro %}

{# 2024-09-01T00:00Z: a time of ISO 8601 that leaves out its seconds. #}
{% macro time_without_seconds(text) -%}
    case
        when {{ matches(text, "'^\\S{10}[T ]\\d\\d:\\d\\d(Z|[+-]\\d\\d:?\\d\\d)?$'") }}
            then {{ time_of_text("left(" ~ text ~ ", 16) || ':00' || substr(" ~ text ~ ", 17)") }}
    end
{%- endmacro %}

{# A number that has more decimals than money has. Only long texts and E-notation can; the comparison is dear. #}
{% macro beyond_eighteen_decimals(text) -%}
    case
        when length({{ text }}) > 19 or contains(lower({{ text }}), 'e-')
            then coalesce(
                try_cast({{ text }} as decimal(38, 36)) != try_cast(try_cast({{ text }} as {{ money_type() }}) as decimal(38, 36)),
                {{ matches(text, "'\\.\\d{18}\\d*[1-9]'") }}
            )
    end
{%- endmacro %}

{# The spelling that FOCUS has for a word of a list, whatever its case; any other word stays. #}
{% macro focus_spelling(column, words) -%}
    case lower({{ column }}) {% for word in words %}when {{ sql_text(word | lower) }} then {{ sql_text(word) }} {% endfor %}else {{ column }} end
{%- endmacro %}
