with readings as (

    select * from {{ ref('int_usage__meter_readings_daily') }}
    where units is not null and meter != 'training_log_executed'

),

hosted_meters as (

    select * from {{ ref('int_usage__hosted_meters_daily') }}

),

hosted_request_meters as (

    select * from {{ ref('int_usage__hosted_request_meters_daily') }}

),

deployments as (

    select
        deployment_id,
        kind,
        valid_from,
        valid_to
    from {{ ref('deployments') }}

),

-- of a deployment without a server of its own on any day the gateway counts; where servers are lost on a day, nobody does
served as (

    select distinct deployment_id from readings
    where meter = 'server'

),

placed as (

    select
        readings.*,
        deployments.kind
    from readings
    left join deployments
        on
            readings.deployment_id = deployments.deployment_id
            and {{ in_effect('deployments', 'readings.date_day') }}
    left join served on readings.deployment_id = served.deployment_id
    where
        case
            when readings.meter = 'training_log' then true
            when deployments.kind = 'hosted' then readings.meter in ('gateway', 'provider', 'billed')
            when deployments.kind in ('inference', 'embedding') and served.deployment_id is null
                then readings.meter = 'gateway'
            else readings.meter = 'server'
        end

),

parted as (

    select
        *,
        bool_or(unit = 'input_token') over (partition by date_day, deployment_id, meter) as has_parts
    from placed

),

-- a prompt as a whole counts where its parts are unknown
metered as (

    select parted.*
    from parted
    left join hosted_meters
        on parted.date_day = hosted_meters.date_day and parted.deployment_id = hosted_meters.deployment_id
    left join hosted_request_meters
        on
            parted.date_day = hosted_request_meters.date_day
            and parted.deployment_id = hosted_request_meters.deployment_id
    where
        (parted.unit != 'prompt_token' or (parted.meter in ('server', 'gateway') and not parted.has_parts))
        and (
            parted.kind is distinct from 'hosted'
            or (parted.unit = 'request' and parted.meter = hosted_request_meters.meter)
            or (parted.unit != 'request' and parted.meter = hosted_meters.meter)
        )

),

-- a server that has no count of its own for embeddings runs each text of a call as a request
embeddings as (

    select
        date_day,
        deployment_id,
        {{ value_at('min', 'meter', 'unit') }} as meter,
        {{ value_at('min', 'units', 'unit') }} as units
    from metered
    where kind = 'embedding' and unit in ('embedding', 'request')
    group by date_day, deployment_id

)

select
    date_day,
    deployment_id,
    unit,
    meter,
    cast(units as bigint) as units
from metered
where unit != 'embedding'

union all

select
    date_day,
    deployment_id,
    'embedding' as unit,
    meter,
    cast(units as bigint) as units
from embeddings
