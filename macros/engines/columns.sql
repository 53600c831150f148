{# In a select: all columns of a relation but some, as in `lines.{{ all_but('line') }}`. #}
{% macro all_but(names) -%} {{ return(adapter.dispatch('all_but', 'ai_unit_economics')(names)) }} {%- endmacro %}

{% macro default__all_but(names) -%} * exclude ({{ names }}) {%- endmacro %}

{% macro spark__all_but(names) -%} * except ({{ names }}) {%- endmacro %}

{# `first_value` or `last_value` of a window, of the values that are not null; `over` follows. Spark's `last(x ignore nulls)` takes no window. #}
{% macro known_value(which, value) -%} {{ return(adapter.dispatch('known_value', 'ai_unit_economics')(which, value)) }} {%- endmacro %}

{% macro default__known_value(which, value) -%} {{ which }}_value({{ value }} ignore nulls) {%- endmacro %}

{% macro spark__known_value(which, value) -%} {{ which }}_value({{ value }}) ignore nulls {%- endmacro %}

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

{# A map of texts by names. #}
{% macro map_of(entries) -%}
    {%- set names = [] -%}
    {%- for name in entries -%} {%- do names.append(sql_text(name)) -%} {%- endfor -%}
    {{ map_of_lists(names, entries.values()) }}
{%- endmacro %}

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
