{# The attributes of a charge that an allocated row keeps, in the order of FOCUS's own list. What it says about its own
   allocation is replaced, and a unit without its quantity says nothing. #}
{% macro exported_attributes() %}
    {%- set kept = [] -%}
    {%- for column in charge_attributes() | sort if column not in [
        'allocated_resource_id', 'allocated_tags', 'other_columns', 'pricing_unit', 'consumed_unit'
    ] -%}
        {%- do kept.append(column) -%}
    {%- endfor -%}
    {{- return(kept) -}}
{% endmacro %}

{# charge_category as FOCUS writes it: ChargeCategory; columns of our own keep their x_. #}
{% macro focus_name(column) -%}
    {%- set own = column.startswith('x_') -%}
    {{- 'x_' if own }}{{ (column[2:] if own else column).replace('_', ' ').title().replace(' ', '') -}}
{%- endmacro %}

{# Where the build writes the allocated rows: the variable, or beside the database file under its name. #}
{% macro focus_export_path() -%}
    {%- set database = target.get('path') or '' -%}
    {%- if var('focus_export_path') -%}
        {{- var('focus_export_path') -}}
    {%- elif database.endswith('.duckdb') -%}
        {{- database[:-7] ~ '_focus_allocated_costs.parquet' -}}
    {%- endif -%}
{%- endmacro %}

{# Written to a file of another name and renamed by DuckDB, so that a reader never meets half a file. #}
{% macro write_focus_export() -%}
    {%- set path = focus_export_path() -%}
    {%- if execute and target.type == 'duckdb' and path -%}
    copy (
        select
            {%- for column in adapter.get_columns_in_relation(this) %}
            {{ column.name }} as "{{ focus_name(column.name) }}"{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ this }}
    ) to {{ sql_text(path) }} (format parquet, compression zstd)
    {%- endif -%}
{%- endmacro %}
