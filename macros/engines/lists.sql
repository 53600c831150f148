{# A row for each element of a list, in a select; an empty list and null have none. One in a select. #}
{% macro each_of(list) -%} {{ return(adapter.dispatch('each_of', 'ai_unit_economics')(list)) }} {%- endmacro %}

{% macro default__each_of(list) -%} unnest({{ list }}) {%- endmacro %}

{% macro spark__each_of(list) -%} explode({{ list }}) {%- endmacro %}

{# Several texts as a list, which may be empty. #}
{% macro sql_texts(values) -%} {{ return(adapter.dispatch('sql_texts', 'ai_unit_economics')(values)) }} {%- endmacro %}

{% macro default__sql_texts(values) -%}
    cast([{% for value in values %}{{ sql_text(value) }}{{ ', ' if not loop.last }}{% endfor %}] as varchar[])
{%- endmacro %}

{% macro spark__sql_texts(values) -%}
    cast(array({% for value in values %}{{ sql_text(value) }}{{ ', ' if not loop.last }}{% endfor %}) as array<string>)
{%- endmacro %}

{# The product of whole numbers in a group; nulls are passed over. #}
{% macro product_of(factor) -%} {{ return(adapter.dispatch('product_of', 'ai_unit_economics')(factor)) }} {%- endmacro %}

{% macro default__product_of(factor) -%} product({{ factor }}) {%- endmacro %}

{% macro spark__product_of(factor) -%}
    aggregate(array_agg(cast({{ factor }} as bigint)), cast(1 as bigint), (product, factor) -> product * factor)
{%- endmacro %}
