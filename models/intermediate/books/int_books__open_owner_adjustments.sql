with closed_months as (

    select
        closed_month,
        next_month
    from {{ ref('int_books__closed_months') }}

),

open_month as (

    select max(next_month) as booked_month
    from closed_months

),

recomputed as (

    select recomputed.*
    from {{ ref('int_owners__costs_daily') }} as recomputed
    semi join closed_months on date_trunc('month', recomputed.date_day) = closed_months.closed_month

),

-- what the books say that an owner pays of a closed day: what was signed, and the adjustments that were signed since
entries as (

    select
        date_day,
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        owner,
        environment,
        workload,
        currency,
        effective_cost as amount
    from recomputed
    union all
    select
        date_day,
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        owner,
        environment,
        workload,
        currency,
        -effective_cost as amount
    from {{ ref('int_books__closed_owner_costs_daily') }}
    union all
    select
        date_day,
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        owner,
        environment,
        workload,
        currency,
        -effective_cost as amount
    from {{ ref('int_books__closed_owner_adjustments') }}

),

differences as (

    select
        date_day,
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        owner,
        max(environment) as environment,
        max(workload) as workload,
        min(currency) as currency,
        cast(sum(amount) as {{ money_type() }}) as effective_cost
    from entries
    group by date_day, source, deployment_id, cost_origin, origin_pool, owner
    having sum(amount) != 0

),

ledger_adjustments as (

    select * from {{ ref('int_books__open_adjustments') }}

)

-- where the line itself is as it was signed, other owners pay for it
select
    differences.source,
    differences.deployment_id,
    differences.cost_origin,
    differences.origin_pool,
    differences.owner,
    differences.environment,
    differences.workload,
    coalesce(ledger_adjustments.cause, 'owner_change') as cause,
    coalesce(ledger_adjustments.reference, 'rows of cost_owners, tags of the charges, or who used it') as reference,
    differences.effective_cost,
    differences.currency,
    open_month.booked_month,
    cast(date_trunc('month', differences.date_day) as date) as closed_month,
    differences.date_day
from differences
cross join open_month
left join ledger_adjustments
    on
        differences.date_day = ledger_adjustments.date_day
        and differences.source = ledger_adjustments.source
        and differences.deployment_id = ledger_adjustments.deployment_id
        and differences.cost_origin = ledger_adjustments.cost_origin
        and differences.origin_pool = ledger_adjustments.origin_pool
