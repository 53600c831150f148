{# A text as SQL writes it; what it holds is never read as SQL. #}
{% macro sql_text(value) -%} {{ return(adapter.dispatch('sql_text', 'ai_unit_economics')(value)) }} {%- endmacro %}

{% macro default__sql_text(value) -%} '{{ value | replace("'", "''") }}' {%- endmacro %}

{# Spark 4.0 loses a quote that is doubled, where backslashes stand for themselves (spark.sql.parser.escapedStringLiterals):
   it's is 'it' "'" 's', which Spark reads as one text. A backslash before a quote takes its meaning from it and is chr(92). #}
{% macro spark__sql_text(value) -%}
    {%- set text = value | string -%}
    {%- if "\\'" not in text and not text.endswith('\\') -%} '{{ text.split("'") | join('\' "\'" \'') }}'
    {%- else -%}
        {%- set pieces = [] -%}
        {%- for piece in text.split("'") -%}
            {%- do pieces.append("'" ~ (piece | replace('\\', "' || chr(92) || '")) ~ "'") -%}
        {%- endfor -%}
        ({{ pieces | join(' || "\'" || ') }})
    {%- endif -%}
{%- endmacro %}

{# Each text of a group once, in order, as one. #}
{% macro texts_of_group(text, separator=', ') -%}
    {{ return(adapter.dispatch('texts_of_group', 'ai_unit_economics')(text, separator)) }}
{%- endmacro %}

{% macro default__texts_of_group(text, separator) -%}
    string_agg(distinct {{ text }}, '{{ separator }}' order by {{ text }})
{%- endmacro %}

{# Two `listagg(distinct …)` in one select fail in Spark 4.0.1. #}
{% macro spark__texts_of_group(text, separator) -%}
    case when count({{ text }}) > 0 then array_join(array_sort(collect_set({{ text }})), '{{ separator }}') end
{%- endmacro %}

{# The number of such a key as text. DuckDB's own cast of a UHUGEINT takes 70 µs, a thousand times what it takes of a HUGEINT: so the last
   digit, and a tenth of the number, are written apart. #}
{% macro text_of_key(key) -%} {{ return(adapter.dispatch('text_of_key', 'ai_unit_economics')(key)) }} {%- endmacro %}

{% macro default__text_of_key(key) -%}
    (
        case when {{ key }} < 10 then '' else cast(cast({{ key }} >> 1 as hugeint) // 5 as varchar) end
        || cast(cast({{ key }} >> 1 as hugeint) % 5 * 2 + cast({{ key }} & 1 as hugeint) as varchar)
    )
{%- endmacro %}

{# The digits of MD5 begin with the lowest byte. Of two halves of 64 bits, high and low, a tenth is a tenth of the high one, and what
   remains of it goes to the low one: no number has more than 38 digits. #}
{% macro spark__text_of_key(key) -%}
    element_at(
        transform(
            transform(
                transform(
                    array(
                        regexp_replace({{ key }}, '(..)(..)(..)(..)(..)(..)(..)(..)(..)(..)(..)(..)(..)(..)(..)(..)', '$16$15$14$13$12$11$10$9$8$7$6$5$4$3$2$1')
                    ),
                    h -> struct(
                        cast(conv(left(h, 16), 16, 10) as decimal(38, 0)) as high,
                        cast(conv(right(h, 16), 16, 10) as decimal(38, 0)) as low
                    )
                ),
                n -> struct(
                    cast((n.high - n.high % 10) / 10 as decimal(38, 0)) as tenth,
                    n.high % 10 * 18446744073709551616 + n.low as rest
                )
            ),
            n -> cast(n.tenth * 18446744073709551616 + cast((n.rest - n.rest % 10) / 10 as decimal(38, 0)) as string)
                || cast(cast(n.rest % 10 as int) as string)
        ),
        1
    )
{%- endmacro %}

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

{# 128 bits that name the texts of a group, in any order; a text that is there twice is as if it were not there. #}
{% macro fingerprint_of_group(text) -%} {{ return(adapter.dispatch('fingerprint_of_group', 'ai_unit_economics')(text)) }} {%- endmacro %}

{% macro default__fingerprint_of_group(text) -%} bit_xor(md5_number({{ text }})) {%- endmacro %}

{% macro spark__fingerprint_of_group(text) -%}
    struct(
        bit_xor(cast(conv(left(md5({{ text }}), 16), 16, -10) as bigint)) as high,
        bit_xor(cast(conv(right(md5({{ text }}), 16), 16, -10) as bigint)) as low
    )
{%- endmacro %}

{# An amount as text, with commas between thousands and so many digits after the point. #}
{% macro number_text(amount, decimals) -%} {{ return(adapter.dispatch('number_text', 'ai_unit_economics')(amount, decimals)) }} {%- endmacro %}

{% macro default__number_text(amount, decimals) -%} format('{:,.' || ({{ decimals }}) || 'f}', {{ amount }}) {%- endmacro %}

{% macro spark__number_text(amount, decimals) -%} format_number(cast({{ amount }} as double), {{ decimals }}) {%- endmacro %}

{# Whether all of a text matches a regular expression. #}
{% macro matches_all(text, pattern) -%} {{ matches(text, "'^(?:' || " ~ pattern ~ " || ')\\z'") }} {%- endmacro %}

{# A text without the blanks around it, the wide ones of Unicode too, which Spark's own `trim` leaves. #}
{% macro trimmed(text) -%} {{ return(adapter.dispatch('trimmed', 'ai_unit_economics')(text)) }} {%- endmacro %}

{% macro default__trimmed(text) -%} trim({{ text }}) {%- endmacro %}

{% macro spark__trimmed(text) -%}
    btrim({{ text }}, '{{ " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000" }}')
{%- endmacro %}

{# Whether a text begins with another, or ends in it. #}
{% macro begins_with(text, start) -%} (left({{ text }}, length({{ start }})) = {{ start }}) {%- endmacro %}

{% macro ends_in(text, end) -%} (right({{ text }}, length({{ end }})) = {{ end }}) {%- endmacro %}
