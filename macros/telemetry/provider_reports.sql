{# The JSON values of provider reports, a row each, as source_file, source_row, document: an object a line, or one over
   several lines; an array gives its elements. A line that is no JSON gives a row whose document is null. #}
{% macro read_reports(shape) %}
    {%- set files = pending_files(
        ref('stg_telemetry__files'), "folder = 'telemetry/provider_usage' and shape = '" ~ shape ~ "'"
    ) -%}
    {%- set branches = [] -%}
    {%- for format, layout in [('json', "'newline_delimited', ignore_errors = true"), ('document', "'unstructured'")] -%}
        {%- set names = file_names(files, format) -%}
        {%- if names -%}
            {%- do branches.append(
                "read_json_objects([" ~ names | join(', ') ~ "], format = " ~ layout
                ~ ", filename = true, maximum_object_size = 67108864)"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for reader in branches %}
    select
        filename as source_file,
        number - min(number) over (partition by filename) + 1 as source_row,
        unnest(case when json_type(json) = 'ARRAY' then json_extract(json, '$[*]') else [json] end) as document
    from (select *, row_number() over () as number from {{ reader }})
    {{- '\n\n    union all\n' if not loop.last }}
    {%- else %}
    select
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row,
        cast(null as json) as document
    where false
    {%- endfor %}
{% endmacro %}

{# The elements of a JSON array; one null where there is no document, so that what is unreadable stays a row. #}
{% macro elements(document, path) -%}
    unnest(case when {{ document }} is null then [null] else json_extract({{ document }}, '{{ path }}[*]') end)
{%- endmacro %}

{# What a folder above a file says of it, such as `region=us-east-1/`. #}
{% macro folder_value(names) -%}
    nullif(regexp_extract(source_file, '/(?:{{ names }})=([^/]+)/', 1), '')
{%- endmacro %}

{# Whose usage a report is, where it is not of the only one: account or organisation, and region, by the report itself
   or by the folders above it. Usage of different resources adds up. #}
{% macro report_resource(account='null', region='null') -%}
    nullif(concat_ws(
        '/',
        coalesce({{ account }}, {{ folder_value('account|organi[sz]ation') }}),
        coalesce({{ region }}, {{ folder_value('region') }})
    ), '')
{%- endmacro %}

{# Metrics of a cloud as columns: `metrics` has source_file, source_row, model, deployment_id, region, resource_id, metric,
   value, bucket_start, bucket_seconds; the seed column_aliases says which metric is which count. #}
{% macro pivot_metrics(metrics, shape) %}
    {%- set counts = ['input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens', 'requests'] -%}
    select
        source_file,
        source_row,
        model,
        deployment_id,
        region,
        resource_id,
        {% for name in counts -%}
        min_by(value, priority) filter (where column_name = '{{ name }}') as {{ name }},
        {% endfor -%}
        bucket_start,
        bucket_start + to_seconds(bucket_seconds) as bucket_end
    from (
        select
            metrics.source_file,
            metrics.source_row,
            metrics.model,
            metrics.deployment_id,
            metrics.region,
            metrics.resource_id,
            metrics.bucket_start,
            metrics.bucket_seconds,
            aliases.column_name,
            aliases.priority,
            -- a part that is no number, or negative, makes the whole unknown
            case
                when count(*) = count(*) filter (where metrics.value >= 0)
                    then cast(cast(round(sum(metrics.value)) as bigint) as varchar)
                else 'unusable'
            end as value
        from {{ metrics }} as metrics
        inner join {{ ref('column_aliases') }} as aliases
            on
                metrics.metric = aliases.alias
                and aliases.shape = '{{ shape }}'
        group by all
    )
    group by source_file, source_row, model, deployment_id, region, resource_id, bucket_start, bucket_seconds
{% endmacro %}
