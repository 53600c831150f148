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

-- providers and bills tell what was written to a cache apart; servers and gateways have it among the uncached input
provider_usage as (

    select
        usage_date,
        deployment_id,
        case unit when 'cache_write_token' then 'input_token' else unit end as unit,
        sum(units) as units
    from {{ ref('int_usage__provider_usage_daily') }}
    where unit != 'prompt_token'
    group by usage_date, deployment_id, case unit when 'cache_write_token' then 'input_token' else unit end
    having not bool_or(unit = 'cache_write_token') or bool_or(unit = 'input_token')

),

-- a sum is unknown where one of its parts is
billed_usage as (

    select
        charge_date as usage_date,
        deployment_id,
        case unit when 'cache_write_token' then 'input_token' else unit end as unit,
        sum(billed_units) as units
    from {{ ref('int_costs__meter_lines_daily') }}
    group by charge_date, deployment_id, case unit when 'cache_write_token' then 'input_token' else unit end
    having count(*) = count(billed_units)

),

training_steps as (

    select * from {{ ref('int_usage__training_steps_daily') }}

),

deployments as (

    select
        deployment_id,
        kind,
        valid_from,
        valid_to
    from {{ ref('deployments') }}

),

-- what training achieved: work that a restart threw away costs and is no progress
training_usage as (

    select
        usage_date,
        deployment_id,
        'training_step' as unit,
        sum(useful_steps) as units
    from training_steps
    group by usage_date, deployment_id

    union all

    -- a sum is unknown where one of its parts is
    select
        usage_date,
        deployment_id,
        'training_token' as unit,
        sum(useful_tokens) as units
    from training_steps
    group by usage_date, deployment_id
    having count(*) = count(useful_tokens)

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
    union all
    select
        usage_date,
        deployment_id,
        unit,
        'provider' as meter,
        units
    from provider_usage
    union all
    select
        usage_date,
        deployment_id,
        unit,
        'billed' as meter,
        units
    from billed_usage
    union all
    select
        usage_date,
        deployment_id,
        unit,
        'training_log' as meter,
        units
    from training_usage

),

placed as (

    select
        counts.*,
        deployments.kind
    from counts
    left join deployments
        on
            counts.deployment_id = deployments.deployment_id
            and counts.usage_date >= deployments.valid_from
            and (counts.usage_date < deployments.valid_to or deployments.valid_to is null)
    where
        counts.meter = 'training_log'
        or (deployments.kind is not distinct from 'hosted') = (counts.meter in ('gateway', 'provider', 'billed'))

),

-- a report that ends at noon and a gateway that is passed by both see too little, so that the one that saw more counts;
-- one that cannot tell uncached input cannot count tokens, and the bill does where there is no other
hosted_meters as (

    select
        usage_date,
        deployment_id,
        meter
    from placed
    where kind = 'hosted' and unit in ('input_token', 'cached_input_token', 'output_token')
    group by usage_date, deployment_id, meter
    having bool_or(unit = 'input_token')
    qualify
        row_number() over (
            partition by usage_date, deployment_id order by meter = 'billed', sum(units) desc, meter desc
        ) = 1

),

metered as (

    select placed.*
    from placed
    left join hosted_meters
        on placed.usage_date = hosted_meters.usage_date and placed.deployment_id = hosted_meters.deployment_id
    where
        placed.kind is distinct from 'hosted'
        or placed.meter is not distinct from hosted_meters.meter
        or placed.unit not in ('input_token', 'cached_input_token', 'output_token')
    qualify
        row_number() over (
            partition by placed.usage_date, placed.deployment_id, placed.unit
            order by placed.meter is not distinct from hosted_meters.meter desc, placed.meter desc
        ) = 1

),

-- a server that has no count of its own for embeddings runs each text of a call as a request
embeddings as (

    select
        usage_date,
        deployment_id,
        meter,
        units
    from metered
    where kind = 'embedding' and unit in ('embedding', 'request')
    qualify row_number() over (partition by usage_date, deployment_id order by unit) = 1

)

select
    usage_date,
    deployment_id,
    unit,
    meter,
    cast(units as bigint) as units
from metered
where unit != 'embedding'

union all

select
    usage_date,
    deployment_id,
    'embedding' as unit,
    meter,
    cast(units as bigint) as units
from embeddings
