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

{# The query that gives the names of the CSV files of a folder, without `.csv`. #}
{% macro names_of_csv_files(folder) -%}
    {{ return(adapter.dispatch('names_of_csv_files', 'ai_unit_economics')(folder)) }}
{%- endmacro %}

{% macro default__names_of_csv_files(folder) -%}
    select parse_filename(file, true) as name from glob({{ sql_file(folder ~ '/')[:-1] }}*.csv') order by name
{%- endmacro %}

{% macro spark__names_of_csv_files(folder) -%}
    {%- do run_query(
        'create or replace temporary view csv_files using binaryFile options (path ' ~ spark_path(folder)
        ~ ", pathGlobFilter '*.csv')"
    ) -%}
    select regexp_extract(path, '([^/]*)[.]csv$', 1) as name from csv_files order by name
{%- endmacro %}

{# The rows of a CSV file with a header, all as text: what stands behind FROM. #}
{% macro rows_of_csv(file) -%} {{ return(adapter.dispatch('rows_of_csv', 'ai_unit_economics')(file)) }} {%- endmacro %}

{% macro default__rows_of_csv(file) -%}
    read_csv(
        {{ sql_file(file) }}, header = true, all_varchar = true, delim = ',', quote = '"', escape = '"', nullstr = ''
    )
{%- endmacro %}

{% macro spark__rows_of_csv(file) -%}
    {%- do run_query(
        'create or replace temporary view csv_rows using csv options (path ' ~ spark_path(file)
        ~ ", header 'true', quote '\"', escape '\"', multiLine 'true', mode 'FAILFAST')"
    ) -%}
    {{- return('csv_rows') -}}
{%- endmacro %}

{# A path as an option of a table. Spark takes one literal there, and reads some letters as patterns. #}
{% macro spark_path(path) -%}
    {%- for letter in ["'", '*', '?', '[', '{', '\\'] if letter in path -%}
        {%- do exceptions.raise_compiler_error(
            path ~ ': Spark reads no folder of seeds whose name has ' ~ letter ~ ' in it; give it another name'
        ) -%}
    {%- endfor -%}
    {{- return(sql_text(path)) -}}
{%- endmacro %}

{# Fills {{ this }} from rows of text with these columns, or from none; replaces says whether what was there goes. #}
{% macro insert_into_seed(rows, columns, replaces) -%}
    {{ return(adapter.dispatch('insert_into_seed', 'ai_unit_economics')(rows, columns, replaces)) }}
{%- endmacro %}

{% macro default__insert_into_seed(rows, columns, replaces) -%}
    {%- if replaces %}
    delete from {{ this }};
    {%- endif %}
    {%- if rows %}
    insert into {{ this }} by name select * from {{ rows }}
    {%- endif %}
{%- endmacro %}

{# Parquet has no DELETE, and a quoted nothing is null as in DuckDB. #}
{% macro spark__insert_into_seed(rows, columns, replaces) -%}
    {%- set cells = [] -%}
    {%- for column in adapter.get_columns_in_relation(this) -%}
        {%- set cell = 'nullif(' ~ adapter.quote(column.name) ~ ", '')" if column.name in columns else 'null' -%}
        {%- do cells.append('cast(' ~ cell ~ ' as ' ~ column.dtype ~ ')') -%}
    {%- endfor -%}
    insert {{ 'overwrite' if replaces else 'into' }} table {{ this }}
    select {{ cells | join(', ') }} {{ 'from ' ~ rows if rows else 'where false' }}
{%- endmacro %}
