{#
    The request rows of the given files as text, but for ts, with source_file and source_row: Parquet by schema, CSV
    by header, JSON lines in one scan. `aliases` are rows of the seed request_columns. A column that a file does not have is null.
#}
{% macro read_request_files(files, aliases) %}
    {%- set branches = [] -%}
    {%- for columns, names in parquet_shapes(files) -%}
        {%- set reader = 'read_parquet([' ~ names | join(', ') ~ '], filename = true, file_row_number = true)' -%}
        {%- do branches.append(request_rows(reader, columns, aliases, 'file_row_number + 1')) -%}
    {%- endfor -%}
    {%- for columns, reader in csv_readers(files) -%}
        {%- do branches.append(request_rows(reader, columns, aliases)) -%}
    {%- endfor -%}
    {%- set json_files = file_names(files, 'json') -%}
    {%- if json_files -%}
        {%- set columns, reader = json_lines_reader(json_files, aliases | map(attribute='alias') | list) -%}
        {%- do branches.append(request_rows(reader, columns, aliases)) -%}
    {%- endif -%}
    {%- for branch in branches %}
    {{ branch }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- endfor %}
{% endmacro %}

{% macro request_rows(reader, columns, aliases, source_row=none) %}
    {%- set wanted = {} -%}
    {%- for row in aliases -%}
        {%- for column in columns if column | lower == row.alias | lower -%}
            {%- if column not in wanted.setdefault(row.column_name, []) -%}
                {%- do wanted[row.column_name].append(column) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    select
        filename as source_file,
        {{ source_row or 'scan_row - min(scan_row) over (partition by filename) + 1' }} as source_row,
        {% for name in request_text_columns() -%}
        {{ first_of(wanted.get(name, []), 'cast("{}" as varchar)', 'varchar') }} as {{ name }},
        {% endfor -%}
        {%- set times = [] -%}
        {%- for column in wanted.get('ts', []) -%} {%- do times.append(timestamp_of(column, columns[column])) -%} {%- endfor -%}
        {{ first_of(times, '{}', 'timestamp') }} as requested_at
    {% if source_row -%}
    from {{ reader }}
    {%- else -%}
    from (select *, row_number() over () as scan_row from {{ reader }})
    {%- endif %}
{% endmacro %}

{% macro request_text_columns() -%}
    {{- return([
        'deployment_id', 'customer_id', 'user_id', 'session_id', 'geography', 'status',
        'input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens',
        'cache_hit', 'provider'
    ]) -}}
{%- endmacro %}

{% macro first_of(columns, expression, type) -%}
    {%- if not columns -%} cast(null as {{ type }})
    {%- else -%} coalesce({% for column in columns %}{{ expression.replace('{}', column) }}{{ ', ' if not loop.last }}{% endfor %})
    {%- endif -%}
{%- endmacro %}

{# A count from text; what is no number, or negative, is unknown. #}
{% macro token_count(text) -%}
    case when try_cast({{ text }} as bigint) >= 0 then try_cast({{ text }} as bigint) end
{%- endmacro %}

{# Requests that failed consumed what they consumed, but delivered nothing: they are no unit. #}
{% macro is_failed(status) -%}
    coalesce(
        {{ status }} in (
            'abort', 'aborted', 'cancelled', 'canceled', 'error', 'failed', 'failure', 'rejected', 'timeout'
        )
        or try_cast({{ status }} as integer) >= 400,
        false
    )
{%- endmacro %}

{# Pre-hook of a model that compacts landed request rows by file: chooses the files that it does not hold. #}
{% macro choose_new_request_files(requests, variable) -%}
    {%- set query -%}
        select list(distinct source_file) from {{ requests }}
        where (source_file, file_version) not in (select distinct source_file, file_version from {{ this }})
    {%- endset -%}
    {{ choose(variable, 'varchar', query) }}
{%- endmacro %}
