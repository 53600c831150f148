{# Functions that have another name on each engine, and the same meaning: a row for each. #}
{% macro function_named(name) -%} {{ return(adapter.dispatch('function_named', 'ai_unit_economics')(name)) }} {%- endmacro %}

{% macro default__function_named(name) -%}
    {{ {
        'each_of': 'unnest',
        'joined_texts': 'array_to_string',
        'key_of_text': 'md5_number',
        'length_of': 'len',
        'list_of': 'list_value',
        'map_of_lists': 'map',
        'matches': 'regexp_matches',
        'microseconds': 'epoch_us',
        'milliseconds': 'epoch_ms',
        'raise': 'error',
        'time_of': 'make_timestamp',
        'value_at_max': 'arg_max_null',
        'value_at_min': 'arg_min_null'
    }[name] }}
{%- endmacro %}

{% macro spark__function_named(name) -%}
    {{ {
        'each_of': 'explode',
        'joined_texts': 'array_join',
        'key_of_text': 'md5',
        'length_of': 'size',
        'list_of': 'array',
        'map_of_lists': 'map_from_arrays',
        'matches': 'regexp_like',
        'microseconds': 'unix_micros',
        'milliseconds': 'unix_millis',
        'raise': 'raise_error',
        'time_of': 'timestamp_micros',
        'value_at_max': 'max_by',
        'value_at_min': 'min_by'
    }[name] }}
{%- endmacro %}

{# A row for each element of a list, in a select; an empty list and null have none. One in a select. #}
{% macro each_of(list) -%} {{ function_named('each_of') }}({{ list }}) {%- endmacro %}

{# Texts of a list as one text. #}
{% macro joined_texts(list, separator) -%} {{ function_named('joined_texts') }}({{ list }}, {{ separator }}) {%- endmacro %}

{# A text's number or, in Spark, text of 128 bits: a key to join by, the same in every run. #}
{% macro key_of_text(text) -%} {{ function_named('key_of_text') }}({{ text }}) {%- endmacro %}

{# How many elements a list has. #}
{% macro length_of(list) -%} {{ function_named('length_of') }}({{ list }}) {%- endmacro %}

{# Expressions as a list, which may be empty. #}
{% macro list_of(values) -%} {{ function_named('list_of') }}({{ values | join(', ') }}) {%- endmacro %}

{# A map of the expressions of two lists. #}
{% macro map_of_lists(keys, values) -%} {{ function_named('map_of_lists') }}({{ list_of(keys) }}, {{ list_of(values) }}) {%- endmacro %}

{# Whether a part of a text matches a regular expression. RE2 in DuckDB and Java's in Spark agree on what the seeds' documentation allows. #}
{% macro matches(text, pattern) -%} {{ function_named('matches') }}({{ text }}, {{ pattern }}) {%- endmacro %}

{# Microseconds since 1970 of a UTC time, and back. #}
{% macro microseconds(time) -%} {{ function_named('microseconds') }}({{ time }}) {%- endmacro %}

{% macro time_of(microseconds) -%} {{ function_named('time_of') }}(cast({{ microseconds }} as bigint)) {%- endmacro %}

{# Milliseconds since 1970 of a UTC time. #}
{% macro milliseconds(time) -%} {{ function_named('milliseconds') }}({{ time }}) {%- endmacro %}

{# An expression that stops the build with a message; without a type. #}
{% macro raise(message) -%} {{ function_named('raise') }}({{ message }}) {%- endmacro %}

{# The value of the row that is `min` or `max` by another column, null or not: `min_by` of DuckDB passes over rows whose value is null. #}
{% macro value_at(which, value, by) -%} {{ function_named('value_at_' ~ which) }}({{ value }}, {{ by }}) {%- endmacro %}
