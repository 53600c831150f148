{# Whether a part of a text matches a regular expression. RE2 in DuckDB and Java's in Spark agree on what the seeds' documentation allows. #}
{% macro matches(text, pattern) -%} {{ return(adapter.dispatch('matches', 'ai_unit_economics')(text, pattern)) }} {%- endmacro %}

{% macro default__matches(text, pattern) -%} regexp_matches({{ text }}, {{ pattern }}) {%- endmacro %}

{% macro spark__matches(text, pattern) -%} regexp_like({{ text }}, {{ pattern }}) {%- endmacro %}

{# Each text of a group once, in order, as one. #}
{% macro texts_of_group(text, separator=', ') -%}
    {{ return(adapter.dispatch('texts_of_group', 'ai_unit_economics')(text, separator)) }}
{%- endmacro %}

{% macro default__texts_of_group(text, separator) -%}
    string_agg(distinct {{ text }}, '{{ separator }}' order by {{ text }})
{%- endmacro %}

{% macro spark__texts_of_group(text, separator) -%}
    listagg(distinct {{ text }}, '{{ separator }}') within group (order by {{ text }})
{%- endmacro %}

{# A text's number or, in Spark, text of 128 bits: a key to join by, the same in every run. #}
{% macro key_of_text(text) -%} {{ return(adapter.dispatch('key_of_text', 'ai_unit_economics')(text)) }} {%- endmacro %}

{% macro default__key_of_text(text) -%} md5_number({{ text }}) {%- endmacro %}

{% macro spark__key_of_text(text) -%} md5({{ text }}) {%- endmacro %}

{# The text that a JSON pointer names in a JSON object: null where there is none. #}
{% macro text_in_json(json, key) -%} {{ return(adapter.dispatch('text_in_json', 'ai_unit_economics')(json, key)) }} {%- endmacro %}

{% macro default__text_in_json(json, key) -%}
    json_extract_string({{ json }}, '/' || replace(replace({{ key }}, '~', '~0'), '/', '~1'))
{%- endmacro %}

{# An object of other things than texts and numbers is a text of JSON here too. #}
{% macro spark__text_in_json(json, key) -%} from_json({{ json }}, 'map<string, string>')[{{ key }}] {%- endmacro %}

{# Every match of a regular expression replaced; groups in the replacement are written $1 in Spark, so there are none. #}
{% macro replace_every(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_every', 'ai_unit_economics')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro default__replace_every(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__replace_every(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{# All matches of a regular expression in a text, as a list. #}
{% macro matches_in(text, pattern) -%} {{ return(adapter.dispatch('matches_in', 'ai_unit_economics')(text, pattern)) }} {%- endmacro %}

{% macro default__matches_in(text, pattern) -%} regexp_extract_all({{ text }}, '{{ pattern }}') {%- endmacro %}

{% macro spark__matches_in(text, pattern) -%} regexp_extract_all({{ text }}, '{{ pattern }}', 0) {%- endmacro %}
