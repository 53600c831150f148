-- a deployment that cost something has shares to divide it by, unless it trains
with cost_days as (

    select distinct date_day, deployment_id
    from {{ ref('int_allocation__cost_ledger_daily') }}
    where
        deployment_id not like '(%'
        and deployment_id not in (
            select deployments.deployment_id
            from {{ ref('deployments') }} as deployments
            where deployments.kind = 'training'
        )

)

select
    cost_days.date_day,
    cost_days.deployment_id
from cost_days
left join {{ ref('int_allocation__token_shares_daily') }} as token_shares
    on cost_days.date_day = token_shares.date_day and cost_days.deployment_id = token_shares.deployment_id
where token_shares.deployment_id is null
