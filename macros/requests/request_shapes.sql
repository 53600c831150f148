{# The files of one shape that stg_requests__requests does not hold in today's version. #}
{% macro pending_requests(shape) -%}
    {%- set requests = api.Relation.create(
        database=this.database, schema=this.schema, identifier='stg_requests__requests'
    ) -%}
    {{- return(pending_files(
        ref('stg_telemetry__files'), "folder = 'telemetry/requests' and shape = '" ~ shape ~ "'", landed_in=requests
    )) -}}
{%- endmacro %}

{# Every span of OTLP JSON lines, with its own attributes before those of its resource; a line that is no JSON has no span. #}
{% macro read_otel_spans(files) %}
    {%- set names = file_names(files, 'json') -%}
    {%- if names %}
    select
        source_file,
        row_number() over (partition by source_file order by line_number, resource_number, scope_number, span_number) as source_row,
        span.traceId as trace_id,
        span.spanId as span_id,
        span.parentSpanId as parent_span_id,
        span.status.code as status_code,
        try_cast(span.startTimeUnixNano as bigint) as started_ns,
        list_concat(coalesce(span.attributes, []), coalesce(resource_attributes, [])) as attributes
    from (
        select
            * exclude (spans),
            unnest(coalesce(spans, [null])) as span,
            generate_subscripts(coalesce(spans, [null]), 1) as span_number
        from (
            select
                * exclude (scopes),
                unnest(coalesce(scopes, [null])).spans as spans,
                generate_subscripts(coalesce(scopes, [null]), 1) as scope_number
            from (
                select
                    filename as source_file,
                    line_number,
                    unnest(coalesce(resourceSpans, [null])).scopeSpans as scopes,
                    unnest(coalesce(resourceSpans, [null])).resource.attributes as resource_attributes,
                    generate_subscripts(coalesce(resourceSpans, [null]), 1) as resource_number
                from (
                    select *, row_number() over () as line_number
                    from read_json(
                        [{{ names | join(', ') }}], format = 'newline_delimited', ignore_errors = true, filename = true,
                        maximum_object_size = 67108864, columns = {resourceSpans: '{{ otel_resource_spans() }}'}
                    )
                )
            )
        )
    )
    {%- else %}
    select
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row,
        cast(null as varchar) as trace_id,
        cast(null as varchar) as span_id,
        cast(null as varchar) as parent_span_id,
        cast(null as varchar) as status_code,
        cast(null as bigint) as started_ns,
        cast(null as {{ otel_attributes() }}) as attributes
    where false
    {%- endif %}
{% endmacro %}

{% macro otel_attributes() -%}
    struct(key varchar, "value" struct(stringValue varchar, intValue varchar, doubleValue varchar, boolValue varchar))[]
{%- endmacro %}

{% macro otel_resource_spans() -%}
    struct(
        resource struct(attributes {{ otel_attributes() }}),
        scopeSpans struct(spans struct(
            traceId varchar, spanId varchar, parentSpanId varchar, startTimeUnixNano varchar,
            status struct(code varchar), attributes {{ otel_attributes() }}
        )[])[]
    )[]
{%- endmacro %}

{# The value of the first of these attributes that `attributes` holds, as text. #}
{% macro first_attribute(names) -%}
    {%- set values = [] -%}
    {%- for name in names -%}
        {%- set found = "list_filter(attributes, lambda attribute: attribute.key = '" ~ name ~ "')[1].\"value\"" -%}
        {%- do values.append(
            "nullif(coalesce(" ~ found ~ ".stringValue, " ~ found ~ ".intValue, " ~ found ~ ".doubleValue, "
            ~ found ~ ".boolValue), '')"
        ) -%}
    {%- endfor -%}
    {{ 'coalesce(' ~ values | join(', ') ~ ')' if values else 'cast(null as varchar)' }}
{%- endmacro %}

{# Each column as the first of its aliases that the span has; null for a column without aliases. #}
{% macro aliased_attributes(aliases, columns) -%}
    {%- for column in columns -%}
    {{ first_attribute(aliases | selectattr('column_name', 'equalto', column) | map(attribute='alias') | list) }} as {{ column }}
    {{- ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
