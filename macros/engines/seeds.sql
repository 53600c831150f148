{# Spark has no VARCHAR without a length, and dbt-spark writes an empty cell as the text None. #}
{% macro spark_type(type) -%}
    {%- if type | lower == 'varchar' -%} {{- return('string') -}}
    {%- elif type | lower == 'map(varchar, varchar)' -%} {{- return('map<string, string>') -}}
    {%- else -%} {{- return(type) -}}
    {%- endif -%}
{%- endmacro %}

{% macro spark__create_csv_table(model, agate_table) %}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- do columns.append(adapter.quote(name) ~ ' ' ~ spark_type(types.get(name, 'string'))) -%}
    {%- endfor -%}
    {%- set sql -%}
        create table {{ this }} ({{ columns | join(', ') }}) {{ file_format_clause() }} {{ location_clause() }}
    {%- endset -%}
    {%- call statement('_') -%} {{ sql }} {%- endcall -%}
    {{- return(sql) -}}
{% endmacro %}

{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set statements = [] -%}
    {%- for chunk in agate_table.rows | batch(2000) -%}
        {%- set rows = [] -%}
        {%- for row in chunk -%}
            {%- set cells = [] -%}
            {%- for name in agate_table.column_names -%}
                {%- set type = spark_type(types.get(name, 'string')) -%}
                {%- set cell = row[loop.index0] -%}
                {%- do cells.append(
                    'cast(null as ' ~ type ~ ')' if cell is none else 'cast(' ~ sql_text(cell) ~ ' as ' ~ type ~ ')'
                ) -%}
            {%- endfor -%}
            {%- do rows.append('(' ~ cells | join(', ') ~ ')') -%}
        {%- endfor -%}
        {%- set sql = 'insert into ' ~ this ~ ' values ' ~ rows | join(', ') -%}
        {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
        {%- do statements.append(sql) if loop.first -%}
    {%- endfor -%}
    {{- return(statements[0] if statements else 'select 1') -}}
{% endmacro %}

{# A contract's types, as Spark names them. #}
{% macro spark__get_empty_schema_sql(columns) %}
    select
    {% for name, column in columns.items() -%}
        cast(null as {{ spark_type(column['data_type']) }}) as {{ adapter.quote(name) if column['quote'] else name }}
        {{- ', ' if not loop.last }}
    {% endfor %}
{% endmacro %}
