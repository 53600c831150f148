with buckets as (

    select
        *,
        row_number() over (order by source_file, source_row, model, bucket_start) as bucket_number
    from {{ ref('int_usage__provider_buckets') }}
    where is_counted

),

labelled as (

    select
        bucket_number,
        {{ labels_from({
            'provider': 'provider', 'model': 'model', 'deployment': 'deployment_id', 'project_id': 'project_id',
            'workspace_id': 'workspace_id', 'api_key_id': 'api_key_id', 'user_id': 'user_id',
            'service_tier': 'service_tier', 'region': 'region', 'resource_id': 'resource_id',
            'operation': 'operation'
        }) }} as labels
    from buckets

),

matches as (

    {{ match_series_rules('labelled', 'bucket_number') }}

),

deployments as (

    select distinct deployment_id from {{ ref('deployments') }}

),

days as (

    select
        *,
        unnest({{ days_of('bucket_start', 'coalesce(bucket_end, bucket_start)') }}) as day_starts_at
    from buckets

),

placed as (

    select
        cast(days.day_starts_at as date) as date_day,
        days.provider,
        coalesce(deployments.deployment_id, matches.deployment_id, days.deployment_id, '(unattributed)')
            as deployment_id,
        {{ columns(
            ['input_tokens', 'uncached_input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens', 'requests'],
            part_of_day('days.{0}', 'days.bucket_start', 'days.bucket_end', 'days.day_starts_at') ~ ' as {0}'
        ) }}
    from days
    left join matches
        on
            days.bucket_number = matches.bucket_number
            and {{ in_effect('matches', 'cast(days.day_starts_at as date)') }}
    left join deployments on days.deployment_id = deployments.deployment_id

),

-- a sum is unknown where one of its parts is
totals as (

    select
        date_day,
        provider,
        deployment_id,
        case when count(*) = count(input_tokens) then sum(input_tokens) end as prompt_token,
        case when count(*) = count(uncached_input_tokens) then sum(uncached_input_tokens) end as input_token,
        sum(cached_input_tokens) as cached_input_token,
        sum(cache_write_tokens) as cache_write_token,
        sum(output_tokens) as output_token,
        sum(requests) as request
    from placed
    group by date_day, provider, deployment_id

),

units as (

    unpivot totals
    on prompt_token, input_token, cached_input_token, cache_write_token, output_token, request
    into name unit value units

)

select
    date_day,
    provider,
    deployment_id,
    unit,
    cast(units as bigint) as units
from units
