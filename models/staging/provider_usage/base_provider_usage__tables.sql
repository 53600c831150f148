{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('column_aliases') }}
{% set files = pending_files(
    ref('stg_telemetry__files'), "folder = 'telemetry/provider_usage' and shape = 'generic'"
) %}

with tables as (

    {{ read_aliased_files(
        files,
        aliases_of('provider_usage'),
        ['provider', 'operation', 'model', 'deployment_id', 'project_id', 'workspace_id', 'api_key_id', 'user_id',
        'service_tier', 'region', 'input_tokens', 'uncached_input_tokens', 'cached_input_tokens', 'cache_write_tokens',
        'output_tokens', 'requests'],
        ['bucket_start', 'bucket_end']
    ) }}

)

select
    source_file,
    source_row,
    lower(provider) as provider,
    operation,
    model,
    deployment_id,
    project_id,
    workspace_id,
    api_key_id,
    user_id,
    service_tier,
    region,
    {{ report_resource() }} as resource_id,
    cast(null as varchar) as other_dimensions,
    input_tokens,
    uncached_input_tokens,
    cached_input_tokens,
    cache_write_tokens,
    output_tokens,
    requests,
    bucket_start,
    bucket_end
from tables
