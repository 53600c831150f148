{# The customers of one file, whichever of the optional columns it has. #}
{% macro read_customers(file) %}
    {%- if file.format == 'parquet' -%}
        {%- set reader = 'read_parquet(' ~ sql_text(file.source_file) ~ ')' -%}
    {%- else -%}
        {%- set reader = 'read_csv(' ~ sql_text(file.source_file) ~ ', header = true, all_varchar = true)' -%}
    {%- endif -%}
    {%- set present = columns_of(reader) -%}
    select
        {% for name, type in {
            'customer_id': 'varchar', 'customer_tier': 'varchar', 'geography': 'varchar', 'valid_from': 'date', 'valid_to': 'date'
        }.items() -%}
        {% if name in present -%}
        cast(nullif(trim(cast({{ name }} as varchar)), '') as {{ type }}) as {{ name }}
        {%- else -%}
        cast(null as {{ type }}) as {{ name }}
        {%- endif %}{{ ',' if not loop.last }}
        {% endfor -%}
    from {{ reader }}
{% endmacro %}
