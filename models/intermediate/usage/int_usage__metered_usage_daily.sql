with server_usage as (

    select
        usage_date,
        deployment_id,
        unit,
        units
    from {{ ref('int_usage__server_usage_daily') }}

),

gateway_usage as (

    select
        usage_date,
        deployment_id,
        unit,
        sum(units) as units
    from {{ ref('int_usage__gateway_usage_daily') }}
    group by usage_date, deployment_id, unit

),

deployments as (

    select
        deployment_id,
        kind,
        valid_from,
        valid_to
    from {{ ref('deployments') }}

),

counts as (

    select
        usage_date,
        deployment_id,
        unit,
        'server' as meter,
        units
    from server_usage
    union all
    select
        usage_date,
        deployment_id,
        unit,
        'gateway' as meter,
        units
    from gateway_usage

)

select
    counts.usage_date,
    counts.deployment_id,
    counts.unit,
    counts.meter,
    cast(counts.units as bigint) as units
from counts
left join deployments
    on
        counts.deployment_id = deployments.deployment_id
        and counts.usage_date >= deployments.valid_from
        and (counts.usage_date < deployments.valid_to or deployments.valid_to is null)
where (deployments.kind is not distinct from 'hosted') = (counts.meter = 'gateway')
