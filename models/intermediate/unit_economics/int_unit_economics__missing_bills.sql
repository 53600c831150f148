-- every source that bills a deployment, directly or through a share
with paying_sources as (

    select distinct
        source,
        deployment_id
    from {{ ref('int_allocation__cost_ledger_daily') }}
    where deployment_id not like '(%'

),

missing_days as (

    select * from {{ ref('int_costs__missing_days') }}

)

select distinct
    paying_sources.deployment_id,
    missing_days.date_day
from paying_sources
inner join missing_days on paying_sources.source = missing_days.source
