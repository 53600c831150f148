{#
    The rows of tables whose columns go by several names, as text (`times` as timestamps), with source_file and
    source_row. `aliases` are rows of the seed column_aliases, best first; `name/a/b` is a JSON pointer behind a column.
    Files are Parquet, CSV or JSON lines; a column that a file does not have is null; a broken line is all null.
#}
{% macro read_aliased_files(files, aliases, columns, times) %}
    {%- set branches = [] -%}
    {%- for present, names in parquet_shapes(files) -%}
        {%- set reader = 'read_parquet([' ~ names | join(', ') ~ '], filename = true)' -%}
        {%- do branches.append(aliased_rows(reader, present, aliases, columns, times)) -%}
    {%- endfor -%}
    {%- for present, reader in csv_readers(files) -%}
        {%- do branches.append(aliased_rows(reader, present, aliases, columns, times)) -%}
    {%- endfor -%}
    {%- set json_files = file_names(files, 'json') -%}
    {%- if json_files -%}
        {%- set names = [] -%}
        {%- for row in aliases -%} {%- do names.extend([row.alias.split('/')[0], row.alias]) -%} {%- endfor -%}
        {%- set present, reader = json_lines_reader(json_files, names, 67108864) -%}
        {%- do branches.append(aliased_rows(reader, present, aliases, columns, times)) -%}
    {%- endif -%}
    {%- for branch in branches %}
    {{ branch }}
    {{- '\n\n    union all\n' if not loop.last }}
    {%- else %}
    select
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row,
        {% for name in columns -%} cast(null as varchar) as {{ name }}, {% endfor %}
        {% for name in times -%} cast(null as timestamp) as {{ name }}{{ ', ' if not loop.last }} {% endfor %}
    where false
    {%- endfor %}
{% endmacro %}

{#
    JSON lines with each of `names` as a column of text, as {column: type} and a reader; a line that is no JSON is all null.
    Keys of JSON are as written, but columns are not: names that differ by case alone are one column, the first of them
    that has a value.
#}
{% macro json_lines_reader(files, names, longest=16777216) -%}
    {%- set keys = names | unique(case_sensitive=true) | list -%}
    {%- set columns, values = {}, {} -%}
    {%- for key in keys -%}
        {%- do columns.update({key | lower: 'VARCHAR'}) -%}
        {%- do values.setdefault(key | lower, []).append('found[' ~ loop.index ~ ']') -%}
    {%- endfor -%}
    {%- set reader -%}
        (
            select
                filename,
                {% for column in columns -%}
                coalesce({{ values[column] | join(', ') }}) as "{{ column }}"{{ ',' if not loop.last }}
                {% endfor -%}
            from (
                select
                    filename,
                    json_extract_string(json, [
                        {%- for key in keys -%} {{ sql_text('$."' ~ key ~ '"') }}{{ ', ' if not loop.last }} {%- endfor -%}
                    ]) as found
                from read_json_objects(
                    [{{ files | join(', ') }}], format = 'newline_delimited', ignore_errors = true, filename = true,
                    maximum_object_size = {{ longest }}
                )
            )
        )
    {%- endset -%}
    {{- return((columns, reader)) -}}
{%- endmacro %}

{% macro aliased_rows(reader, present, aliases, columns, times) %}
    select
        filename as source_file,
        number - min(number) over (partition by filename) + 1 as source_row,
        {% for name in columns -%}
        {{ first_alias(name, present, aliases, 'varchar') }} as {{ name }},
        {% endfor -%}
        {% for name in times -%}
        {{ first_alias(name, present, aliases, 'timestamp') }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
    from (select *, row_number() over () as number from {{ reader }})
{% endmacro %}

{# The first name that has a value. A name with a slash may be a column of its own, or a pointer into JSON. #}
{% macro first_alias(name, present, aliases, type) -%}
    {%- set values = [] -%}
    {%- for row in aliases if row.column_name == name -%}
        {%- for column in present -%}
            {%- if column | lower == row.alias | lower -%}
                {%- do values.append(
                    timestamp_of(column, present[column]) if type == 'timestamp'
                    else "nullif(trim(cast(\"" ~ column ~ "\" as varchar)), '')"
                ) -%}
            {%- elif column | lower == row.alias.split('/')[0] | lower -%}
                {%- set json = 'try_cast("' ~ column ~ '" as json)' if present[column] == 'VARCHAR' else 'to_json("' ~ column ~ '")' -%}
                {%- do values.append("json_extract_string(" ~ json ~ ", '" ~ row.alias[row.alias.index('/'):] ~ "')") -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ 'coalesce(' ~ values | join(', ') ~ ')' if values else 'cast(null as ' ~ type ~ ')' }}
{%- endmacro %}

{# The rows of the seed column_aliases for a shape, best first. #}
{% macro aliases_of(shape) -%}
    {%- if not execute -%} {{- return([]) -}} {%- endif -%}
    {{- return(run_query(
        "select column_name, alias from " ~ ref('column_aliases')
        ~ " where shape = " ~ sql_text(shape) ~ " order by column_name, priority"
    ).rows) -}}
{%- endmacro %}
