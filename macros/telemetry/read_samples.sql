{#
    Every sample of the given files, whatever their shape, as source_file, metric, labels, sampled_at, value.
    Files of one shape are read together; the shape is told by columns and content. A line that is no JSON
    gives a row whose metric is null, so that it can be counted.
#}
{% macro read_prometheus_samples(files) %}
    {%- set branches = [] -%}
    {%- for columns, names in parquet_shapes(files) -%}
        {%- set reader = 'read_parquet([' ~ names | join(', ') ~ '], filename = true)' -%}
        {%- do branches.append(long_form_samples(reader, columns)) -%}
    {%- endfor -%}
    {%- set csv_files = file_names(files, 'csv') -%}
    {%- if csv_files -%}
        {%- set reader -%}
            read_csv([{{ csv_files | join(', ') }}], header = true, all_varchar = true, union_by_name = true, filename = true)
        {%- endset -%}
        {%- do branches.append(long_form_samples(reader, columns_of(reader))) -%}
    {%- endif -%}
    {%- set json_files = file_names(files, 'json') -%}
    {%- if json_files -%} {%- do branches.append(json_samples(json_files)) -%} {%- endif -%}
    {%- for branch in branches %}
    {{ branch }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- else %}
    select
        cast(null as varchar) as source_file,
        cast(null as varchar) as metric,
        cast(null as map(varchar, varchar)) as labels,
        cast(null as timestamp) as sampled_at,
        cast(null as double) as value
    where false
    {%- endfor %}
{% endmacro %}

{% macro file_names(files, format) -%}
    {%- set names = [] -%}
    {%- for file in files if file.format == format -%} {%- do names.append(sql_text(file.source_file)) -%} {%- endfor -%}
    {{- return(names) -}}
{%- endmacro %}

{# The columns that a reader gives, as {name: type}, without the file's name. #}
{% macro columns_of(reader) -%}
    {%- set columns = {} -%}
    {%- for row in run_query('select column_name, column_type from (describe select * from ' ~ reader ~ ')').rows
        if row.column_name != 'filename' -%}
        {%- do columns.update({row.column_name: row.column_type}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{%- endmacro %}

{# Parquet files by their schema, as pairs of {column: type} and file names: a union by name would turn maps into text. #}
{% macro parquet_shapes(files) -%}
    {%- set names = file_names(files, 'parquet') -%}
    {%- set shapes = [] -%}
    {%- if names -%}
        {%- set query -%}
            select string_agg(file_name, chr(10) order by file_name) as names
            from (
                select
                    file_name,
                    list([name, type, converted_type, logical_type, cast(num_children as varchar)] order by column_id) as fields
                from parquet_schema([{{ names | join(', ') }}])
                group by file_name
            )
            group by fields
            order by names
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- set quoted = [] -%}
            {%- for name in row.names.split('\n') -%} {%- do quoted.append(sql_text(name)) -%} {%- endfor -%}
            {%- do shapes.append((columns_of('read_parquet(' ~ quoted[0] ~ ')'), quoted)) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(shapes) -}}
{%- endmacro %}

{# A table with a row a sample. Labels are a MAP, a STRUCT, JSON text, or columns of their own. #}
{% macro long_form_samples(reader, columns) %}
    {%- set known = {} -%}
    {%- set label_columns = [] -%}
    {%- set aliases = {'timestamp': 'ts', 'time': 'ts', 'name': 'metric', '__name__': 'metric', 'tags': 'labels'} -%}
    {%- for column in columns -%}
        {%- set role = aliases.get(column | lower, column | lower) -%}
        {%- if role in ('ts', 'metric', 'labels', 'value') and role not in known -%}
            {%- do known.update({role: column}) -%}
        {%- else -%}
            {%- do label_columns.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    select
        filename as source_file,
        {{ 'cast("' ~ known.metric ~ '" as varchar)' if 'metric' in known else 'cast(null as varchar)' }} as metric,
        {{ labels_of(known.get('labels'), columns.get(known.get('labels')), label_columns) }} as labels,
        {{ timestamp_of(known.ts, columns[known.ts]) if 'ts' in known else 'cast(null as timestamp)' }} as sampled_at,
        {{ 'try_cast("' ~ known.value ~ '" as double)' if 'value' in known else 'cast(null as double)' }} as value
    from {{ reader }}
{% endmacro %}

{% macro labels_of(labels, type, label_columns) -%}
    {%- if not labels -%}
        map_from_entries(list_filter([
            {%- for column in label_columns -%}
            {key: '{{ column }}', value: cast("{{ column }}" as varchar)}{{ ', ' if not loop.last }}
            {%- endfor -%}
        ], lambda entry: entry.value is not null))
    {%- elif type.startswith('MAP') -%}
        cast("{{ labels }}" as map(varchar, varchar))
    {%- elif type.startswith('STRUCT') -%}
        cast(to_json("{{ labels }}") as map(varchar, varchar))
    {%- else -%}
        try_cast(try_cast("{{ labels }}" as json) as map(varchar, varchar))
    {%- endif -%}
{%- endmacro %}

{# A column that holds a time, as a UTC timestamp; of a number its size tells whether it counts s, ms, us or ns. #}
{% macro timestamp_of(column, type) -%}
    {%- set column = '"' ~ column ~ '"' -%}
    {%- if type == 'TIMESTAMP WITH TIME ZONE' -%}
        ({{ column }} at time zone 'UTC')
    {%- elif type.startswith('TIMESTAMP') or type == 'DATE' -%}
        cast({{ column }} as timestamp)
    {%- elif type == 'VARCHAR' -%}
        coalesce(try_cast({{ column }} as timestamp), {{ epoch_timestamp('try_cast(' ~ column ~ ' as double)') }})
    {%- else -%}
        {{ epoch_timestamp(column) }}
    {%- endif -%}
{%- endmacro %}

{% macro epoch_timestamp(number) -%}
    make_timestamp(cast(
        case
            when abs({{ number }}) < 1e11 then round({{ number }} * 1000000)
            when abs({{ number }}) < 1e14 then round({{ number }} * 1000)
            when abs({{ number }}) < 1e17 then {{ number }}
            else {{ number }} // 1000
        end as bigint
    ))
{%- endmacro %}

{# VictoriaMetrics' export: a line a series (or a piece of one), with times in milliseconds; null is a stale marker. #}
{% macro json_samples(names) %}
    select
        filename as source_file,
        metric['__name__'] as metric,
        map_from_entries(list_filter(map_entries(metric), lambda entry: entry.key <> '__name__')) as labels,
        make_timestamp(unnest(coalesce(timestamps, [null])) * 1000) as sampled_at,
        unnest(coalesce("values", [null])) as value
    from read_json(
        [{{ names | join(', ') }}],
        columns = {metric: 'map(varchar, varchar)', "values": 'double[]', timestamps: 'bigint[]'},
        format = 'newline_delimited',
        ignore_errors = true,
        filename = true,
        maximum_object_size = 67108864
    )
{% endmacro %}
