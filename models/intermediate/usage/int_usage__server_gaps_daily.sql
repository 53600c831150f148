with meters as (

    select * from {{ ref('int_usage__server_meters_daily') }}

),

deployments as (

    select
        deployment_id,
        coalesce(kind, 'inference') as kind,
        lower(prefix_caching) in ('off', 'none', 'no', 'false', 'disabled') as is_cache_off,
        lower(prefix_caching) in ('on', 'yes', 'true', 'enabled') as is_cache_on,
        lower(serving_engine) as serving_engine,
        valid_from,
        valid_to
    from {{ ref('deployments') }}

),

partial_meters as (

    select * from {{ ref('int_usage__partial_meters_daily') }}

),

caching_servers as (

    select list(distinct server) as servers
    from {{ ref('metric_catalog') }}
    where semantic = 'cached_input_tokens'

),

-- a meter of cached tokens should be there where it was on another day of the configuration, or the configuration says so
judged as (

    select
        meters.*,
        coalesce(deployments.kind, 'inference') as kind,
        coalesce(deployments.is_cache_off, false) as is_cache_off,
        bool_or(meters.has_cached) over (partition by meters.deployment_id, deployments.valid_from)
        or coalesce(
            deployments.is_cache_on
            and len(list_filter(
                list_intersect(meters.servers, caching_servers.servers),
                lambda server: starts_with(deployments.serving_engine, server)
            )) > 0, false
        ) as is_cached_expected
    from meters
    cross join caching_servers
    left join deployments
        on
            meters.deployment_id = deployments.deployment_id
            and {{ in_effect('deployments', 'meters.date_day') }}

),

reasons as (

    select
        date_day,
        deployment_id,
        kind,
        is_cache_off,
        unnest(['prompt', 'cached', 'output', 'request', 'embedding']) as meter,
        unnest([
            case
                when is_prompt_broken then 'meter_broken'
                when not has_prompt or is_prompt_partial then 'meter_missing'
            end,
            case
                when is_cached_broken or is_cached_impossible then 'meter_broken'
                when is_cache_off then null
                when is_cached_partial or (not has_cached and is_cached_expected) then 'meter_missing'
            end,
            case
                when is_output_broken then 'meter_broken'
                when kind != 'embedding' and (not has_output or is_output_partial) then 'meter_missing'
            end,
            case
                when is_request_broken then 'meter_broken'
                when not has_request then 'meter_missing'
            end,
            case
                when kind != 'embedding' then null
                when is_embedding_broken or (not has_embedding and is_request_broken) then 'meter_broken'
                when not has_embedding and not has_request then 'meter_missing'
            end
        ]) as reason
    from judged
    where kind in ('inference', 'embedding')

)

select
    reasons.date_day,
    reasons.deployment_id,
    reasons.meter,
    coalesce(reasons.reason, 'meter_missing') as reason
from reasons
left join partial_meters
    on
        reasons.date_day = partial_meters.date_day
        and reasons.deployment_id = partial_meters.deployment_id
        and reasons.meter = partial_meters.meter
where
    reasons.reason is not null
    or (
        partial_meters.meter is not null
        and not (reasons.meter = 'cached' and reasons.is_cache_off)
        and not (reasons.meter = 'output' and reasons.kind = 'embedding')
    )
