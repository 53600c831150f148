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
        {{ each_day_of('bucket_start', 'coalesce(bucket_end, bucket_start)') }} as day_starts_at
    from buckets

),

placed as (

    select
        cast(days.day_starts_at as date) as date_day,
        days.provider,
        days.operation,
        -- AWS writes no value where nothing happened
        days.shape in ('cloudwatch', 'bedrock_invocations') as omits_zeros,
        days.has_unusable_counts,
        days.has_unread_output
        or (days.operation in ('completions', 'messages') and days.input_tokens > 0) as has_output,
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

tallies as (

    select
        placed.date_day,
        placed.provider,
        placed.deployment_id,
        placed.operation,
        placed.omits_zeros,
        placed.has_unusable_counts,
        placed.has_output and kinds.unit = 'output_token' as is_expected,
        kinds.unit,
        case kinds.unit
            when 'prompt_token' then placed.input_tokens
            when 'input_token' then placed.uncached_input_tokens
            when 'cached_input_token' then placed.cached_input_tokens
            when 'cache_write_token' then placed.cache_write_tokens
            when 'output_token' then placed.output_tokens
            when 'request' then placed.requests
        end as units
    from placed
    cross join (
        values
        ('prompt_token'),
        ('input_token'),
        ('cached_input_token'),
        ('cache_write_token'),
        ('output_token'),
        ('request')
    ) as kinds (unit)

),

-- a sum is unknown where one of its parts is; an operation has nothing of a unit that none of its buckets tells, but for an
-- output that nobody reads, and that of one that writes. Of hosted models one has no output: so an unknown one is a row
operations as (

    select
        date_day,
        provider,
        deployment_id,
        unit,
        sum(units) as units,
        bool_or(units is null and (has_unusable_counts or is_expected))
        or (count(units) > 0 and bool_or(units is null and not omits_zeros)) as is_unknown
    from tallies
    group by date_day, provider, deployment_id, unit, operation

)

select
    date_day,
    provider,
    deployment_id,
    unit,
    cast(case when not bool_or(is_unknown) then sum(units) end as bigint) as units
from operations
group by date_day, provider, deployment_id, unit
having (count(units) > 0 and not bool_or(is_unknown)) or (unit = 'output_token' and bool_or(is_unknown))
