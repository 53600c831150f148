{# Text of an export as typed values. What cannot be read gives null: the caller decides whether that stops the build. #}

{# Blank, and the words NULL and null, mean that there is nothing. #}
{% macro present_text(text) -%} case when trim({{ text }}) not in ('', 'NULL', 'null') then trim({{ text }}) end {%- endmacro %}

{# 1234.5 and 1.2E-7 as they are; $1,234.50 and -1,234 without their signs and separators. #}
{% macro parse_decimal(text) -%}
    coalesce(
        try_cast({{ text }} as {{ money_type() }}),
        case
            when regexp_full_match({{ text }}, '[-+]?[$€£¥]?[-+]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?')
                then try_cast(regexp_replace({{ text }}, '[$€£¥,]', '', 'g') as {{ money_type() }})
        end
    )
{%- endmacro %}

{# ISO 8601 with and without T, seconds and zone (UTC where none is given); month/day/year; an hour beyond 23 is carried
   into the next day. DuckDB alone would read 9/1/24 as a day of the year 9. #}
{% macro parse_timestamp(text) -%}
    case
        when {{ text }} like '____-__-__%'
            then coalesce(
                try_cast({{ text }} as timestamptz) at time zone 'UTC',
                try_cast(
                    regexp_replace({{ text }}, '^(\S{10}[T ]\d\d:\d\d)(Z|[+-]\d\d:?\d\d)?$', '\1:00\2') as timestamptz
                ) at time zone 'UTC',
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

{# The parsed value, or a stopped build that names file, row, column and value. Null where there is no text. #}
{% macro must_parse(parsed, text, column, kind) -%}
    case
        when {{ parsed }} is not null then {{ parsed }}
        when {{ text }} is not null
            then error(
                source_file || ', row ' || source_row || ': {{ column }} ''' || {{ text }}
                || ''' is not {{ kind }}; correct the file, or leave the value empty'
            )
    end
{%- endmacro %}
