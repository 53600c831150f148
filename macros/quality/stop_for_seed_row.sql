{# A condition that raises for a bad row of a seed, and is false for every other. DuckDB evaluates error() only where
   the case arrives at it, and a filter is never optimised away. #}
{% macro stop_for_seed_row(seed, violation, row_name, reason) -%}
    case when {{ violation }} then {{ raise(seed_row_message(seed, row_name, reason)) }} is not null else false end
{%- endmacro %}

{# What is said of a bad row: the seed, the row, what is wrong and the way out. Never null: a row without a name counts. #}
{% macro seed_row_message(seed, row_name, reason) -%}
    'seeds/config/{{ seed.identifier }}.csv, row ' || coalesce(cast({{ row_name }} as string), '(empty)')
    || {{ sql_text(': ' ~ reason) }}
{%- endmacro %}
