with readings as (

    select date_day, deployment_id
    from {{ ref('int_usage__meter_readings_daily') }}
    where meter = 'billed'

),

unnamed_charges as (

    select date_day, deployment_id
    from {{ ref('int_costs__unnamed_token_charges_daily') }}

),

metered_usage as (

    select * from {{ ref('int_usage__metered_usage_daily') }}

),

deployments as (

    select deployment_id, valid_from, valid_to
    from {{ ref('deployments') }}
    where kind = 'hosted'

),

days as (

    select date_day, deployment_id from readings
    union
    select date_day, deployment_id from unnamed_charges

)

select
    days.date_day,
    days.deployment_id
from days
inner join deployments
    on days.deployment_id = deployments.deployment_id and {{ in_effect('deployments', 'days.date_day') }}
anti join metered_usage
    on days.date_day = metered_usage.date_day and days.deployment_id = metered_usage.deployment_id
