{# In a select: all columns of a relation but some, as in `lines.{{ all_but('line') }}`. #}
{% macro all_but(names) -%} {{ return(adapter.dispatch('all_but', 'ai_unit_economics')(names)) }} {%- endmacro %}

{% macro default__all_but(names) -%} * exclude ({{ names }}) {%- endmacro %}

{% macro spark__all_but(names) -%} * except ({{ names }}) {%- endmacro %}

{# The last value of a window that is not null; `over` follows. #}
{% macro last_known(value) -%} {{ return(adapter.dispatch('last_known', 'ai_unit_economics')(value)) }} {%- endmacro %}

{% macro default__last_known(value) -%} last_value({{ value }} ignore nulls) {%- endmacro %}

{% macro spark__last_known(value) -%} last_value({{ value }}) ignore nulls {%- endmacro %}

{# A struct of columns, each under its own name, or of expressions by their names. #}
{% macro struct_of(fields) -%} {{ return(adapter.dispatch('struct_of', 'ai_unit_economics')(fields)) }} {%- endmacro %}

{% macro default__struct_of(fields) -%}
    { {%- for name in fields %}'{{ name }}': {{ fields[name] if fields is mapping else name }}{{ ', ' if not loop.last }}{% endfor -%} }
{%- endmacro %}

{% macro spark__struct_of(fields) -%}
    named_struct({% for name in fields %}'{{ name }}', {{ fields[name] if fields is mapping else name }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{# A number for each row: in Spark by the columns that tell rows apart, in DuckDB as they come. #}
{% macro number_of_row(key) -%} {{ return(adapter.dispatch('number_of_row', 'ai_unit_economics')(key)) }} {%- endmacro %}

{% macro default__number_of_row(key) -%} cast(row_number() over () as integer) {%- endmacro %}

{% macro spark__number_of_row(key) -%} cast(row_number() over (order by {{ key }}) as integer) {%- endmacro %}

{# A map of texts by names, or by the expressions of two lists. #}
{% macro map_of(entries) -%} {{ return(adapter.dispatch('map_of', 'ai_unit_economics')(entries)) }} {%- endmacro %}

{% macro default__map_of(entries) -%}
    map { {%- for name, value in entries.items() %}'{{ name }}': {{ value }}{{ ', ' if not loop.last }}{% endfor -%} }
{%- endmacro %}

{% macro spark__map_of(entries) -%}
    map({% for name, value in entries.items() %}'{{ name }}', {{ value }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}

{% macro map_of_lists(keys, values) -%} {{ return(adapter.dispatch('map_of_lists', 'ai_unit_economics')(keys, values)) }} {%- endmacro %}

{% macro default__map_of_lists(keys, values) -%} map([{{ keys | join(', ') }}], [{{ values | join(', ') }}]) {%- endmacro %}

{% macro spark__map_of_lists(keys, values) -%}
    map_from_arrays(array({{ keys | join(', ') }}), array({{ values | join(', ') }}))
{%- endmacro %}

{# The first value of a window that is not null; `over` follows. #}
{% macro first_known(value) -%} {{ return(adapter.dispatch('first_known', 'ai_unit_economics')(value)) }} {%- endmacro %}

{% macro default__first_known(value) -%} first_value({{ value }} ignore nulls) {%- endmacro %}

{% macro spark__first_known(value) -%} first_value({{ value }}) ignore nulls {%- endmacro %}

{# The value of the row that is least by another column, null or not: `min_by` of DuckDB passes over rows whose value is null. #}
{% macro value_at_least(value, by) -%} {{ return(adapter.dispatch('value_at_least', 'ai_unit_economics')(value, by)) }} {%- endmacro %}

{% macro default__value_at_least(value, by) -%} arg_min_null({{ value }}, {{ by }}) {%- endmacro %}

{% macro spark__value_at_least(value, by) -%} min_by({{ value }}, {{ by }}) {%- endmacro %}

{# All columns of a relation but some as one text, to compare rows by: it is not the same text on both engines. #}
{% macro text_of_row(without) -%} {{ return(adapter.dispatch('text_of_row', 'ai_unit_economics')(without)) }} {%- endmacro %}

{% macro default__text_of_row(without) -%} cast(row(*columns(* exclude ({{ without }}))) as varchar) {%- endmacro %}

{% macro spark__text_of_row(without) -%} to_json(struct(* except ({{ without }}))) {%- endmacro %}
