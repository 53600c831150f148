{#
    Every sample of the given files, whatever their shape, as source_file, metric, labels, labels_json, sampled_at, value.
    Labels that a table holds as text stay text in labels_json: to read it is dear, and once a series is enough. Files of
    one shape are read together. A line that cannot be read gives a row whose metric is null, so that it can be counted.
    Where a file tells when a counter was created, that is a sample too, of a metric that ends in `_created`.
#}
{% macro read_prometheus_samples(files) %}
    {%- set branches = [] -%}
    {%- for columns, names in parquet_shapes(files) -%}
        {%- set reader = 'read_parquet([' ~ names | join(', ') ~ '], filename = true)' -%}
        {%- do branches.extend(long_form_branches(reader, columns)) -%}
    {%- endfor -%}
    {%- for columns, reader in csv_readers(files) -%}
        {%- do branches.extend(long_form_branches(reader, columns)) -%}
    {%- endfor -%}
    {%- for shape, read, most in [
        ('victoria_metrics', json_samples, 67108864), ('prometheus_api', api_samples, 134217728),
        ('otlp_metrics', otlp_samples, 67108864)
    ] -%}
        {%- for names, longest in lines_of_shape(files, shape, most) -%} {%- do branches.append(read(names, longest)) -%} {%- endfor -%}
    {%- endfor -%}
    {%- for shape, read in [('prometheus_api_document', api_document_samples), ('tsdb_dump', dump_samples)] -%}
        {%- set names = files_of_shape(files, shape) -%}
        {%- if names -%} {%- do branches.append(read(names)) -%} {%- endif -%}
    {%- endfor -%}
    select
        cast(null as varchar) as source_file,
        cast(null as varchar) as metric,
        cast(null as map(varchar, varchar)) as labels,
        cast(null as varchar) as labels_json,
        cast(null as timestamp) as sampled_at,
        cast(null as double) as value
    where false
    {%- for branch in branches %}

    union all by name
    {{ branch }}
    {%- endfor %}
{% endmacro %}

{# What the shape of each of the given files is known by, as source_file, head: a line of text, or the keys of the first
   JSON value of a file; null for a file that has no line or begins with a line that is no JSON. Files are opened one by one:
   each reader has a buffer as large as a line may be. #}
{% macro read_prometheus_heads(files) %}
    {%- set heads = [] -%}
    {%- for file in files if file.size_bytes > 0 and file.format in ('json', 'csv', 'text') -%}
        {%- set name = sql_text(file.source_file) -%}
        {%- set query -%}
            {%- if file.format == 'json' -%}
            select array_to_string(list_sort(json_keys(json)), ' ') as head
            from read_json_objects(
                {{ name }}, format = 'newline_delimited', ignore_errors = true, maximum_object_size = 134217728
            )
            limit 1
            {%- else -%}
            select left(line, 4000) as head from {{ text_lines(name) }} limit 1
            {%- endif -%}
        {%- endset -%}
        {%- for row in run_query(query).rows if row.head is not none -%}
            {%- do heads.append('(' ~ name ~ ', ' ~ sql_text(row.head | string) ~ ')') -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if heads %}
    select * from (values {{ heads | join(', ') }}) as heads (source_file, head)
    {%- else %}
    select
        cast(null as varchar) as source_file,
        cast(null as varchar) as head
    where false
    {%- endif %}
{% endmacro %}

{# Files of JSON lines by the longest line that is to be expected, as pairs of file names and bytes. DuckDB's reader has a buffer
   of twice that for each file: five files at the most that it takes are more than the memory of a build. Where no line can be
   longer than its default, because the file is not, it reads hundreds; deflate makes nothing smaller than its 1032nd part. #}
{% macro lines_of_shape(files, shape, longest) -%}
    {%- set usual, long = [], [] -%}
    {%- for file in files if file.shape == shape -%}
        {%- set name = file.source_file | lower -%}
        {%- set unpacked = file.size_bytes * (1032 if name.endswith('.gz') else 1) -%}
        {%- do (usual if unpacked <= 16777216 and not name.endswith('.zst') else long).append(sql_text(file.source_file)) -%}
    {%- endfor -%}
    {%- set readings = [] -%}
    {%- if usual -%} {%- do readings.append((usual, 16777216)) -%} {%- endif -%}
    {%- if long -%} {%- do readings.append((long, longest)) -%} {%- endif -%}
    {{- return(readings) -}}
{%- endmacro %}

{% macro files_of_shape(files, shape) -%}
    {%- set names = [] -%}
    {%- for file in files if file.shape == shape -%} {%- do names.append(sql_text(file.source_file)) -%} {%- endfor -%}
    {{- return(names) -}}
{%- endmacro %}

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

{# A table with a row a sample. Labels are a MAP, a STRUCT, JSON text, or columns of their own; a column `replica` beside
   labels is one more, and a column `created` says when the counter was. #}
{% macro long_form_branches(reader, columns) %}
    {%- set known = {} -%}
    {%- set label_columns = [] -%}
    {%- set aliases = {
        'timestamp': 'ts', 'time': 'ts', '__timestamp__:unix_ms': 'ts', '__timestamp__:unix_s': 'ts',
        '__timestamp__:rfc3339': 'ts', 'name': 'metric', '__name__': 'metric', '__value__': 'value', 'tags': 'labels'
    } -%}
    {%- for column in columns -%}
        {%- set role = aliases.get(column | lower, column | lower) -%}
        {%- if role in ('ts', 'metric', 'labels', 'value', 'created') and role not in known -%}
            {%- do known.update({role: column}) -%}
        {%- else -%}
            {%- do label_columns.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set metric = 'cast("' ~ known.metric ~ '" as varchar)' if 'metric' in known else 'cast(null as varchar)' -%}
    {%- set value = 'try_cast("' ~ known.value ~ '" as double)' if 'value' in known else 'cast(null as double)' -%}
    {%- set branches = [long_form_samples(reader, columns, known, label_columns, metric, value)] -%}
    {%- if 'created' in known -%}
        {%- set created = 'epoch(' ~ timestamp_of(known.created, columns[known.created]) ~ ')' -%}
        {%- do branches.append(long_form_samples(reader, columns, known, label_columns, created_name(metric), created)) -%}
    {%- endif -%}
    {{- return(branches) -}}
{% endmacro %}

{% macro long_form_samples(reader, columns, known, label_columns, metric, value) %}
    select
        filename as source_file,
        {{ metric }} as metric,
        {% if columns.get(known.get('labels')) in ('VARCHAR', 'JSON') and 'replica' not in label_columns -%}
        cast("{{ known.labels }}" as varchar) as labels_json,
        {% else -%}
        {{ labels_of(known.get('labels'), columns.get(known.get('labels')), label_columns) }} as labels,
        {% endif -%}
        {{ timestamp_of(known.ts, columns[known.ts]) if 'ts' in known else 'cast(null as timestamp)' }} as sampled_at,
        {{ value }} as value
    from {{ reader }}
{% endmacro %}

{# The metric that says when a counter, or a histogram's sum, was created. #}
{% macro created_name(metric) -%} regexp_replace({{ metric }}, '(_total|_sum|_count)?$', '_created') {%- endmacro %}

{% macro labels_of(labels, type, label_columns) -%}
    {%- if not labels -%}
        map_from_entries(list_filter([
            {%- for column in label_columns -%}
            {key: '{{ column }}', value: cast("{{ column }}" as varchar)}{{ ', ' if not loop.last }}
            {%- endfor -%}
        ], lambda entry: entry.value is not null))
    {%- else -%}
        {%- set map -%}
            {%- if type.startswith('MAP') -%} cast("{{ labels }}" as map(varchar, varchar))
            {%- elif type.startswith('STRUCT') -%} cast(to_json("{{ labels }}") as map(varchar, varchar))
            {%- else -%} {{ labels_from_json('"' ~ labels ~ '"') }}
            {%- endif -%}
        {%- endset -%}
        {%- set replicas = label_columns | select('equalto', 'replica') | list -%}
        {%- if replicas -%}
        case
            when {{ map }} is not null
                then map_concat({{ map }}, case when replica is not null then map {'replica': cast(replica as varchar)} end)
        end
        {%- else -%}
        {{ map }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# Prometheus has a metric's name among its labels. Work it out before samples are unnested, once a series. #}
{% macro labels_without_name(labels) -%}
    map_from_entries(list_filter(map_entries({{ labels }}), lambda entry: entry.key <> '__name__'))
{%- endmacro %}

{# Labels that are written as a JSON object; null where the text is none. #}
{% macro labels_from_json(text) -%} try_cast(try_cast({{ text }} as json) as map(varchar, varchar)) {%- endmacro %}

{# A column that holds a time, as a UTC timestamp; of a number its size tells whether it counts s, ms, us or ns. #}
{% macro timestamp_of(column, type) -%}
    {%- set column = '"' ~ column ~ '"' -%}
    {%- if type == 'TIMESTAMP WITH TIME ZONE' -%}
        ({{ column }} at time zone 'UTC')
    {%- elif type.startswith('TIMESTAMP') or type == 'DATE' -%}
        cast({{ column }} as timestamp)
    {%- elif type == 'VARCHAR' -%}
        {{ time_from_text(column) }}
    {%- else -%}
        {{ epoch_timestamp(column) }}
    {%- endif -%}
{%- endmacro %}

{# A time in ISO 8601, of UTC where it names no other zone, or a number since 1970. A cast to TIMESTAMP would drop the zone. #}
{% macro time_from_text(text) -%}
    coalesce(
        try_cast({{ text }} as timestamptz) at time zone 'UTC',
        {{ epoch_timestamp('try_cast(' ~ text ~ ' as double)') }},
        try_cast(regexp_replace({{ text }}, ' ([+-]\d\d:?\d\d)$', '\1') as timestamptz) at time zone 'UTC'
    )
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
{% macro json_samples(names, longest) %}
    select
        source_file,
        metric,
        labels,
        make_timestamp(unnest(coalesce(timestamps, [null])) * 1000) as sampled_at,
        unnest(coalesce("values", [null])) as value
    from (
        select
            filename as source_file,
            metric['__name__'] as metric,
            {{ labels_without_name('metric') }} as labels,
            timestamps,
            "values"
        from read_json(
            [{{ names | join(', ') }}],
            columns = {metric: 'map(varchar, varchar)', "values": 'double[]', timestamps: 'bigint[]'},
            format = 'newline_delimited',
            ignore_errors = true,
            filename = true,
            maximum_object_size = {{ longest }}
        )
    )
{% endmacro %}

{# Prometheus' HTTP API: what a query with a range selector answers, raw samples in seconds and with values as text. #}
{% macro api_result_type() -%}
    struct(result struct(metric map(varchar, varchar), "values" varchar[][], "value" varchar[])[])
{%- endmacro %}

{% macro api_samples(names, longest) %}
    {{ api_result_samples(
        "(select filename, data from read_json([" ~ names | join(', ') ~ "], columns = {data: '" ~ api_result_type()
        ~ "'}, format = 'newline_delimited', ignore_errors = true, filename = true, maximum_object_size = " ~ longest ~ "))"
    ) }}
{% endmacro %}

{% macro api_document_samples(names) %}
    {{ api_result_samples(
        "(select filename, from_json(try_cast(content as json) -> '$.data', "
        ~ "'{\"result\": [{\"metric\": \"MAP(VARCHAR, VARCHAR)\", \"values\": [[\"VARCHAR\"]], \"value\": [\"VARCHAR\"]}]}') as data "
        ~ "from read_text([" ~ names | join(', ') ~ "]))"
    ) }}
{% endmacro %}

{% macro api_result_samples(answers) %}
    select
        source_file,
        metric,
        labels,
        {{ epoch_timestamp('try_cast(sample[1] as double)') }} as sampled_at,
        try_cast(sample[2] as double) as value
    from (
        select
            source_file,
            metric,
            labels,
            unnest(samples) as sample
        from (
            select
                source_file,
                result.metric['__name__'] as metric,
                {{ labels_without_name('result.metric') }} as labels,
                coalesce(result."values", [result."value"]) as samples
            from (
                select
                    filename as source_file,
                    unnest(coalesce(data.result, [null])) as result
                from {{ answers }}
            )
        )
    )
{% endmacro %}

{% macro otlp_points() -%}
    struct(
        aggregationTemporality varchar,
        dataPoints struct(
            attributes {{ otel_attributes() }}, startTimeUnixNano varchar, timeUnixNano varchar,
            asInt varchar, asDouble varchar, count varchar, "sum" varchar
        )[]
    )
{%- endmacro %}

{# OTLP's JSON lines. What is cumulative says when it was created. A delta is written as a rise from 0: a zero a microsecond
   after its start and the delta at its end, so that the order of lines and files, or a line that comes twice, changes
   nothing. Attributes of resources have the names that Prometheus' exporters give them. #}
{% macro otlp_samples(names, longest) %}
    {%- set type -%}
        struct(resource struct(attributes {{ otel_attributes() }}), scopeMetrics struct(metrics struct(
            name varchar, "sum" {{ otlp_points() }}, gauge {{ otlp_points() }}, histogram {{ otlp_points() }},
            exponentialHistogram {{ otlp_points() }}
        )[])[])[]
    {%- endset -%}
    {%- set label_names = {
        'k8s.pod.name': 'pod', 'k8s.namespace.name': 'namespace', 'k8s.node.name': 'node', 'k8s.cluster.name': 'cluster',
        'k8s.container.name': 'container', 'service.name': 'job', 'service.instance.id': 'instance'
    } -%}
    select
        source_file,
        sample.metric as metric,
        labels,
        {{ epoch_timestamp('try_cast(sample.time_unix_nano as bigint)') }}
        + case when sample.is_start then interval 1 microsecond else interval 0 microsecond end as sampled_at,
        sample.value
    from (
        select
            source_file,
            map_from_entries(list_transform(
                list_distinct(list_transform(attributes, lambda attribute: attribute.key)),
                lambda name: {
                    key: case name
                        {%- for key, label in label_names.items() %} when '{{ key }}' then '{{ label }}' {%- endfor %}
                        else replace(name, '.', '_')
                    end,
                    value: list_filter(attributes, lambda attribute: attribute.key = name)[1].text
                }
            )) as labels,
            unnest(case
                when point is null then [{metric: null, time_unix_nano: null, is_start: false, is_extra: false, value: null}]
                else list_filter(
                    flatten(list_transform(
                        case when point.count is null
                            then [{name: metric, value: coalesce(point.asInt, point.asDouble)}]
                            else [{name: metric || '_count', value: point.count}, {name: metric || '_sum', value: point."sum"}]
                        end,
                        lambda series: [
                            {
                                metric: series.name, time_unix_nano: point.timeUnixNano, is_start: false, is_extra: false,
                                value: try_cast(series.value as double)
                            },
                            {
                                metric: case when is_delta then series.name else {{ created_name('series.name') }} end,
                                time_unix_nano: case when is_delta then start_unix_nano else point.timeUnixNano end,
                                is_start: is_delta,
                                is_extra: true,
                                value: case when is_delta then 0 else try_cast(start_unix_nano as double) / 1000000000 end
                            }
                        ]
                    )),
                    lambda sample: not sample.is_extra or (sample.time_unix_nano is not null and sample.value is not null)
                )
            end) as sample
        from (
            select
                source_file,
                name as metric,
                is_delta,
                point,
                nullif(point.startTimeUnixNano, '0') as start_unix_nano,
                list_transform(
                    list_concat(coalesce(point.attributes, []), coalesce(resource_attributes, [])),
                    lambda attribute: {
                        key: attribute.key,
                        text: coalesce(
                            attribute."value".stringValue, attribute."value".intValue, attribute."value".doubleValue,
                            attribute."value".boolValue
                        )
                    }
                ) as attributes
            from (
                select
                    source_file,
                    resource_attributes,
                    metric.name,
                    coalesce(metric."sum", metric.gauge, metric.histogram, metric.exponentialHistogram).aggregationTemporality
                        in ('1', 'AGGREGATION_TEMPORALITY_DELTA') is true as is_delta,
                    unnest(coalesce(
                        coalesce(metric."sum", metric.gauge, metric.histogram, metric.exponentialHistogram).dataPoints, [null]
                    )) as point
                from (
                    select
                        source_file,
                        resource_attributes,
                        unnest(coalesce(scope.metrics, [null])) as metric
                    from (
                        select
                            source_file,
                            resource.resource.attributes as resource_attributes,
                            unnest(coalesce(resource.scopeMetrics, [null])) as scope
                        from (
                            select
                                filename as source_file,
                                unnest(coalesce(resourceMetrics, [null])) as resource
                            from read_json(
                                [{{ names | join(', ') }}], format = 'newline_delimited', ignore_errors = true,
                                filename = true, maximum_object_size = {{ longest }}, columns = {resourceMetrics: '{{ type }}'}
                            )
                        )
                    )
                )
            )
        )
    )
{% endmacro %}

{# `promtool tsdb dump` and `dump-openmetrics`: a sample a line, {__name__="m", a="b"} 1 1795485059744 or m{a="b"} 1 1795485059.744. #}
{% macro dump_samples(names) %}
    select
        source_file,
        case when parts.time != '' then coalesce(nullif(parts.name, ''), labels['__name__']) end as metric,
        {{ labels_without_name('labels') }} as labels,
        {{ epoch_timestamp('try_cast(parts.time as double)') }} as sampled_at,
        try_cast(parts.value as double) as value
    from (
        select
            *,
            map_from_entries(list_transform(
                list_zip(
                    regexp_extract_all(parts.labels, '"?([^"{},= ]+)"?="((?:[^"\\]|\\.)*)"', 1),
                    regexp_extract_all(parts.labels, '"?([^"{},= ]+)"?="((?:[^"\\]|\\.)*)"', 2)
                ),
                lambda pair: {
                    key: pair[1],
                    value: replace(replace(replace(pair[2], '\n', chr(10)), '\"', '"'), '\\', '\')
                }
            )) as labels
        from (
            select
                filename as source_file,
                regexp_extract(
                    line, '^([^{ ]*)(?:\{(.*)\})? ([^ ]+) ([0-9.eE+-]+)$', ['name', 'labels', 'value', 'time']
                ) as parts
            from read_csv(
                [{{ names | join(', ') }}], columns = {line: 'varchar'}, header = false, auto_detect = false, delim = '\x01',
                quote = '', escape = '', strict_mode = false, max_line_size = 16777216, buffer_size = 67108864,
                filename = true
            )
            where not starts_with(line, '#')
        )
    )
{% endmacro %}
