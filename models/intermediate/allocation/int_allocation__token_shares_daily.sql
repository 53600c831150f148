with cost_ledger as (

    select date_day, deployment_id
    from {{ ref('int_allocation__cost_ledger_daily') }}

),

deployment_kinds as (

    select * from {{ ref('int_usage__deployment_kinds') }}

),

chosen_shares as (

    select * from {{ ref('int_allocation__chosen_token_methods_daily') }}

),

-- lines in parentheses and training have no tokens to divide a cost by
cost_days as (

    select distinct
        cost_ledger.date_day,
        cost_ledger.deployment_id,
        coalesce(deployment_kinds.kind, 'inference') as kind
    from cost_ledger
    left join deployment_kinds on cost_ledger.deployment_id = deployment_kinds.deployment_id
    where
        cost_ledger.deployment_id not like '(%'
        and deployment_kinds.kind is distinct from 'training'

),

token_days as (

    select distinct date_day, deployment_id from chosen_shares

),

-- for every day, the last day with tokens up to and including it
days as (

    select date_day, deployment_id from cost_days
    union
    select date_day, deployment_id from token_days

),

share_dates as (

    select
        days.date_day,
        days.deployment_id,
        max(token_days.date_day) over (
            partition by days.deployment_id
            order by days.date_day
            rows between unbounded preceding and current row
        ) as share_date
    from days
    left join token_days
        on days.date_day = token_days.date_day and days.deployment_id = token_days.deployment_id

),

cost_day_shares as (

    select
        cost_days.date_day,
        cost_days.deployment_id,
        cost_days.kind,
        share_dates.share_date
    from cost_days
    inner join share_dates
        on
            cost_days.date_day = share_dates.date_day
            and cost_days.deployment_id = share_dates.deployment_id

)

select
    cost_day_shares.date_day,
    cost_day_shares.deployment_id,
    chosen_shares.unit,
    case
        when cost_day_shares.share_date = cost_day_shares.date_day then chosen_shares.method
        else 'carried_forward'
    end as token_cost_method,
    chosen_shares.weight,
    chosen_shares.weight_low,
    chosen_shares.weight_high,
    cost_day_shares.share_date
from cost_day_shares
inner join chosen_shares
    on
        cost_day_shares.share_date = chosen_shares.date_day
        and cost_day_shares.deployment_id = chosen_shares.deployment_id
union all
select
    date_day,
    deployment_id,
    case kind when 'embedding' then 'input_token' else 'output_token' end as unit,
    'no_tokens' as token_cost_method,
    cast(1000000000000 as bigint) as weight,
    cast(1000000000000 as bigint) as weight_low,
    cast(1000000000000 as bigint) as weight_high,
    cast(null as date) as share_date
from cost_day_shares
where share_date is null
