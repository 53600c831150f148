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

{# The value of the row that is highest by another column, null or not. #}
{% macro value_at_most(value, by) -%} {{ return(adapter.dispatch('value_at_most', 'ai_unit_economics')(value, by)) }} {%- endmacro %}

{% macro default__value_at_most(value, by) -%} arg_max_null({{ value }}, {{ by }}) {%- endmacro %}

{% macro spark__value_at_most(value, by) -%} max_by({{ value }}, {{ by }}) {%- endmacro %}

{# DuckDB keeps rows in the order in which they were written, and a window without an order streams over them; Spark sorts what each
   window looks at. So rows are sorted before they are written (`stored_in_order`), and a window over them is `as_sorted`: in DuckDB
   the row before may be of another run, in Spark the first row of a run has none before it. #}
{% macro stored_in_order(columns) -%} {{ return(adapter.dispatch('stored_in_order', 'ai_unit_economics')(columns)) }} {%- endmacro %}

{% macro default__stored_in_order(columns) -%} order by {{ columns }} {%- endmacro %}

{% macro spark__stored_in_order(columns) -%} {%- endmacro %}

{% macro as_sorted(run, order) -%} {{ return(adapter.dispatch('as_sorted', 'ai_unit_economics')(run, order)) }} {%- endmacro %}

{% macro default__as_sorted(run, order) -%} () {%- endmacro %}

{% macro spark__as_sorted(run, order) -%} (partition by {{ run }} order by {{ order }}) {%- endmacro %}

{# After `as`, of a CTE that is worked out once. Spark decides for itself. #}
{% macro kept_once() -%} {{ return(adapter.dispatch('kept_once', 'ai_unit_economics')()) }} {%- endmacro %}

{% macro default__kept_once() -%} materialized {%- endmacro %}

{% macro spark__kept_once() -%} {%- endmacro %}

{# Two maps as one compares them: Spark compares lists of their entries, and no maps. #}
{% macro comparable_map(map) -%} {{ return(adapter.dispatch('comparable_map', 'ai_unit_economics')(map)) }} {%- endmacro %}

{% macro default__comparable_map(map) -%} {{ map }} {%- endmacro %}

{% macro spark__comparable_map(map) -%} map_entries({{ map }}) {%- endmacro %}

{# All columns of a relation but some as one text, to compare rows by: it is not the same text on both engines. #}
{% macro text_of_row(without) -%} {{ return(adapter.dispatch('text_of_row', 'ai_unit_economics')(without)) }} {%- endmacro %}

{% macro default__text_of_row(without) -%} cast(row(*columns(* exclude ({{ without }}))) as varchar) {%- endmacro %}

{% macro spark__text_of_row(without) -%} to_json(struct(* except ({{ without }}))) {%- endmacro %}
