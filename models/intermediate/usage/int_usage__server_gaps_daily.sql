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

    select array_agg(distinct server) as servers
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
            and {{ length_of(list_where(
                'array_intersect(meters.servers, caching_servers.servers)',
                'server',
                begins_with('deployments.serving_engine', 'server')
            )) }} > 0,
            false
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
        judged.date_day,
        judged.deployment_id,
        judged.kind,
        judged.is_cache_off,
        meters.meter,
        case meters.meter
            when 'prompt'
                then case
                        when judged.is_prompt_broken then 'meter_broken'
                        when not judged.has_prompt or judged.is_prompt_partial then 'meter_missing'
                    end
            when 'cached'
                then case
                        when judged.is_cached_broken or judged.is_cached_impossible then 'meter_broken'
                        when judged.is_cache_off then null
                        when judged.is_cached_partial or (not judged.has_cached and judged.is_cached_expected)
                            then 'meter_missing'
                    end
            when 'output'
                then case
                        when judged.is_output_broken then 'meter_broken'
                        when judged.kind != 'embedding' and (not judged.has_output or judged.is_output_partial)
                            then 'meter_missing'
                    end
            when 'request'
                then case
                        when judged.is_request_broken then 'meter_broken'
                        when not judged.has_request then 'meter_missing'
                    end
            when 'embedding'
                then case
                        when judged.kind != 'embedding' then null
                        when judged.is_embedding_broken or (not judged.has_embedding and judged.is_request_broken)
                            then 'meter_broken'
                        when not judged.has_embedding and not judged.has_request then 'meter_missing'
                    end
        end as reason
    from judged
    cross join (values ('prompt'), ('cached'), ('output'), ('request'), ('embedding')) as meters (meter)
    where judged.kind in ('inference', 'embedding')

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
