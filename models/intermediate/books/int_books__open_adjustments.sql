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
    from {{ ref('int_books__recomputed_costs_daily') }} as recomputed
    semi join closed_months on date_trunc('month', recomputed.date_day) = closed_months.closed_month

),

closed as (

    select * from {{ ref('int_books__closed_costs_daily') }}

),

-- what the books say of a closed day: what was signed, and the adjustments that were signed since.
entries as (

    select
        date_day,
        source,
        deployment_id,
        cost_origin,
        origin_pool,
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
        environment,
        workload,
        currency,
        -effective_cost as amount
    from closed
    union all
    select
        date_day,
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        environment,
        workload,
        currency,
        -effective_cost as amount
    from {{ ref('int_books__closed_adjustments') }}

),

differences as (

    select
        date_day,
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        max(environment) as environment,
        max(workload) as workload,
        case
            when count(distinct currency) > 1
                then {{ stop(
                    'reporting_currency is {}, and the month {} was closed in {}; take the currency of the books, or reopen the month',
                    [sql_text(var('reporting_currency')), "strftime(date_day, '%Y-%m')",
                     "min(currency) filter (where currency != " ~ sql_text(var('reporting_currency')) ~ ")"]
                ) }}
            else min(currency)
        end as currency,
        cast(sum(amount) as {{ money_type() }}) as effective_cost
    from entries
    group by date_day, source, deployment_id, cost_origin, origin_pool
    having sum(amount) != 0

),

day_causes as (

    select * from {{ ref('int_books__day_causes') }}

),

anywhere as (

    select
        cause,
        reference
    from day_causes
    where date_day is null

)

select
    differences.source,
    differences.deployment_id,
    differences.cost_origin,
    differences.origin_pool,
    differences.environment,
    differences.workload,
    coalesce(day_causes.cause, anywhere.cause) as cause,
    coalesce(day_causes.reference, anywhere.reference) as reference,
    differences.effective_cost,
    differences.currency,
    open_month.booked_month,
    cast(date_trunc('month', differences.date_day) as date) as closed_month,
    differences.date_day
from differences
cross join open_month
cross join anywhere
left join day_causes on differences.date_day = day_causes.date_day
