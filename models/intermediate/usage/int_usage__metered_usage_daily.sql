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
        'training_log' as meter,
        units
    from training_usage

),

metered as (

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
        or (deployments.kind is not distinct from 'hosted') = (counts.meter = 'gateway')

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
