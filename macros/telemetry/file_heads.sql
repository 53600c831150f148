{#
    The beginning of each of the given files, as source_file, format, keys: what its shape is known by. `format` is by
    content: parquet, csv, json (an object a line) or document (one value over several lines; only provider's reports
    come like that). Of a table or of lines no more than the beginning is read, a document as a whole.
#}
{% macro read_file_heads(files) %}
    {%- set branches = [] -%}
    {%- set tables = file_names(files, 'parquet') -%}
    {%- if tables -%} {%- do branches.append(parquet_heads(tables)) -%} {%- endif -%}
    {%- for file in files -%}
        {%- if file.format == 'csv' -%}
            {%- do branches.append(csv_head(sql_text(file.source_file))) -%}
        {%- elif file.format in ('json', 'text') -%}
            {%- do branches.append(json_head(sql_text(file.source_file), file.folder == 'telemetry/provider_usage')) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for branch in branches %}
    select * from ({{ branch }})
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as varchar) as source_file,
        cast(null as varchar) as format,
        cast(null as varchar[]) as keys
    where false
    {%- endfor %}
{% endmacro %}

{% macro parquet_heads(names) %}
    select
        file_name as source_file,
        'parquet' as format,
        list(lower(name)) as keys
    from parquet_schema([{{ names | join(', ') }}])
    group by file_name
{% endmacro %}

{% macro csv_head(name) %}
    select
        {{ name }} as source_file,
        'csv' as format,
        list_transform(
            regexp_extract_all(line, '"[^"]*"|[^,;\t"]+'),
            lambda part: lower(trim(part, chr(65279) || ' "' || chr(13)))
        ) as keys
    from {{ text_lines(name) }}
    limit 1
{% endmacro %}

{% macro json_head(name, may_be_document) %}
    select
        {{ name }} as source_file,
        case when is_line then 'json' when json_type(head) in ('OBJECT', 'ARRAY') then 'document' end as format,
        (select list(distinct lower(tree.key)) from json_tree(head) as tree) as keys
    from (
        select
            {% if may_be_document -%}
            first(json_type(try_cast(line as json)) order by number) in ('OBJECT', 'ARRAY') is true as is_line,
            coalesce(
                case when first(json_type(try_cast(line as json)) order by number) in ('OBJECT', 'ARRAY')
                    then first(try_cast(line as json) order by number)
                end,
                try_cast(string_agg(line, chr(10) order by number) as json)
            ) as head
        from (select line, row_number() over () as number from {{ text_lines(name) }})
        having count(*) > 0
            {%- else -%}
            json_type(try_cast(line as json)) in ('OBJECT', 'ARRAY') is true as is_line,
            try_cast(line as json) as head
        from {{ text_lines(name) }}
        limit 1
            {%- endif %}
    )
{% endmacro %}

{# A file's lines as they are, compressed or not. #}
{% macro text_lines(name) -%}
    read_csv(
        {{ name }}, columns = {line: 'varchar'}, header = false, auto_detect = false, delim = '\x01', quote = '', escape = '',
        strict_mode = false, max_line_size = 16777216, buffer_size = 67108864
    )
{%- endmacro %}
