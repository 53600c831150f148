-- A deployment that cost something has shares to divide it by, unless it trains.
with

cost_days as (
    select distinct charge_date, deployment_id
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
    cost_days.charge_date,
    cost_days.deployment_id
from cost_days
left join {{ ref('int_allocation__token_shares_daily') }} as token_shares
    on cost_days.charge_date = token_shares.charge_date and cost_days.deployment_id = token_shares.deployment_id
where token_shares.deployment_id is null
