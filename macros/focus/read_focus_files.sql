{#
    Selects the rows of FOCUS files as text: source_file, source_row and the columns of focus_columns() that the files
    have, in snake case. Files with the same columns are read together; the readings are put under one another by
    name, because DuckDB would otherwise turn a DECIMAL beside a DOUBLE into a DOUBLE.

    files  rows of stg_focus__files
#}
{% macro read_focus_files(files) %}
    {%- set groups = {} -%}
    {%- for file in files -%}
        {%- do groups.setdefault(file.format ~ file.column_signature, []).append(file) -%}
    {%- endfor -%}
    {%- for group in groups.values() %}
    {{ 'union all by name' if not loop.first }}
    {{ read_focus_files_alike(group) }}
    {%- endfor %}
{% endmacro %}

{% macro read_focus_files_alike(files) %}
    {%- set columns = fromjson(files[0].column_signature) -%}
    {%- set wanted = {} -%}
    {%- for name in focus_columns() -%} {%- do wanted.update({name | lower: focus_snake_case(name)}) -%} {%- endfor -%}
    {%- set paths -%}
        [{% for file in files %}{{ sql_text(file.source_file) }}{{ ', ' if not loop.last }}{% endfor %}]
    {%- endset %}
    select
        source_file,
        {%- if files[0].format == 'parquet' %}
        file_row_number + 1 as source_row
        {%- else %}
        {# The rows stream by in the order of the file: no sort, no memory. #}
        position - max(file_begins) over (rows unbounded preceding) as source_row
        {%- endif %}
        {%- for column in columns if column[0] | trim | lower in wanted %},
        {%- set name = adapter.quote(column[0]) %}
        {%- if ('(' in column[1] or '[' in column[1]) and not column[1].startswith('DECIMAL') %}
        cast(to_json({{ name }}) as varchar)
        {%- elif column[1] in ['DOUBLE', 'FLOAT'] %}
        {{ text_of_float(name) }}
        {%- else %}
        cast({{ name }} as varchar)
        {%- endif %} as {{ wanted.pop(column[0] | trim | lower) }}
        {%- endfor %}
    from {% if files[0].format == 'parquet' -%}
    read_parquet({{ paths }}, filename = 'source_file', file_row_number = true, hive_partitioning = false)
    {%- else -%}
    (
        select
            *,
            row_number() over () as position,
            case when lag(source_file) over () is distinct from source_file then row_number() over () - 1 end
                as file_begins
        from read_csv(
            {{ paths }},
            {{ focus_csv_format() }},
            auto_detect = false,
            filename = 'source_file',
            hive_partitioning = false,
            columns = {
                {%- for column in columns %}{{ sql_text(column[0]) }}: 'VARCHAR'{{ ', ' if not loop.last }}{% endfor -%}
            }
        )
    )
    {%- endif %}
{% endmacro %}

{# A float has digits behind its precision that nobody wrote: its eighteen decimals are what it says. #}
{% macro text_of_float(number) -%}
    case
        when length(cast({{ number }} as varchar)) > 17
            then coalesce(
                cast(try_cast(cast({{ number }} as varchar) as {{ money_type() }}) as varchar),
                cast({{ number }} as varchar)
            )
        else cast({{ number }} as varchar)
    end
{%- endmacro %}

{# Selects what DuckDB finds in the files' headers. #}
{% macro describe_focus_files(files) %}
    {% for file in files %}
    select
        {{ sql_text(file.source_file) }} as source_file,
        {{ sql_text(file.file_version) }} as file_version,
        row_number() over () as column_position,
        column_name,
        column_type
    from (
        {% if file.format == 'parquet' %}
        describe select * from read_parquet({{ sql_text(file.source_file) }}, hive_partitioning = false)
        {% else %}
        describe select *
        from read_csv({{ sql_text(file.source_file) }}, {{ focus_csv_format() }}, all_varchar = true, hive_partitioning = false)
        {% endif %}
    )
    {{ 'union all' if not loop.last }}
    {% else %}
    select
        cast(null as varchar) as source_file,
        cast(null as varchar) as file_version,
        cast(null as bigint) as column_position,
        cast(null as varchar) as column_name,
        cast(null as varchar) as column_type
    where false
    {% endfor %}
{% endmacro %}

{% macro focus_csv_format() -%} header = true, delim = ',', quote = '"', escape = '"' {%- endmacro %}
