{# Text of an export as typed values. What cannot be read gives null. #}

{# Blank, and the words NULL, null and \N, mean that there is nothing. #}
{% macro present_text(text) -%}
    case when trim({{ text }}) not in ('', 'NULL', 'null', '\N') then trim({{ text }}) end
{%- endmacro %}

{# 1234.5 and 1.2E-7 as they are; $1,234.50 and -1,234 without their signs and separators. DuckDB alone reads 1_234 too. #}
{% macro parse_decimal(text) -%}
    coalesce(
        case when not contains({{ text }}, '_') then try_cast({{ text }} as {{ money_type() }}) end,
        case
            when regexp_full_match({{ text }}, '[-+]?[$€£¥]?[-+]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?')
                then try_cast(regexp_replace({{ text }}, '[$€£¥,]', '', 'g') as {{ money_type() }})
        end
    )
{%- endmacro %}

{# ISO 8601 with and without T, seconds and zone (UTC where none is given), a blank before the zone; month/day/year; an hour
   beyond 23 is carried into the next day. DuckDB alone would read 9/1/24 as a day of the year 9. #}
{% macro parse_timestamp(text) -%}
    case
        when {{ text }} like '____-__-__%'
            then coalesce(
                try_cast({{ text }} as timestamptz) at time zone 'UTC',
                try_cast(
                    regexp_replace({{ text }}, '^(\S{10}[T ]\d\d:\d\d)(Z|[+-]\d\d:?\d\d)?$', '\1:00\2') as timestamptz
                ) at time zone 'UTC',
                try_cast(regexp_replace({{ text }}, ' ([+-]\d\d:?\d\d)$', '\1') as timestamptz) at time zone 'UTC',
                try_cast(left({{ text }}, 10) as timestamp)
                + to_hours(try_cast(regexp_extract({{ text }}, '^\S{10}[T ](\d\d):\d\d:\d\dZ?$', 1) as integer))
                + to_seconds(
                    60 * try_cast(substr({{ text }}, 15, 2) as integer) + try_cast(substr({{ text }}, 18, 2) as integer)
                )
            )
        else try_strptime({{ text }}, [
            '%m/%d/%y', '%m/%d/%Y', '%m/%d/%y %H:%M', '%m/%d/%Y %H:%M', '%m/%d/%y %H:%M:%S', '%m/%d/%Y %H:%M:%S',
            '%m/%d/%y %I:%M:%S %p', '%m/%d/%Y %I:%M:%S %p'
        ])
    end
{%- endmacro %}

{# A number that has more decimals than money has. Only long texts and E-notation can; the comparison is dear. #}
{% macro beyond_eighteen_decimals(text) -%}
    case
        when length({{ text }}) > 19 or contains(lower({{ text }}), 'e-')
            then coalesce(
                try_cast({{ text }} as decimal(38, 36)) != try_cast(try_cast({{ text }} as {{ money_type() }}) as decimal(38, 36)),
                regexp_matches({{ text }}, '\.\d{18}\d*[1-9]')
            )
    end
{%- endmacro %}

{# The spelling that FOCUS has for a word of a list, whatever its case; any other word stays. #}
{% macro focus_spelling(column, words) -%}
    coalesce({{ sql_texts(words) }}[list_position({{ sql_texts(words | map('lower') | list) }}, lower({{ column }}))], {{ column }})
{%- endmacro %}
