with costs as (

    select
        *,
        {{ period_start('date_day', "'month'") }} as cost_month
    from {{ ref('int_books__owner_costs_daily') }}

),

months as (

    select
        period_start,
        max(is_complete) as is_complete,
        lag(period_start) over (order by period_start) is not null as has_month_before
    from {{ ref('fct_spend_monthly') }}
    group by period_start

),

closed_months as (

    select *
    from {{ ref('int_books__closed_months') }}
    where is_shown_as_signed

),

-- the cost of the month, that of the month before, and what is booked in it of months that were closed
entries as (

    select
        cost_month as period_start,
        'month' as entry,
        owner,
        deployment_id,
        cost_origin,
        origin_pool,
        method,
        matched_by,
        environment,
        workload,
        effective_cost,
        date_day
    from costs
    union all
    select
        months.period_start,
        'month before' as entry,
        costs.owner,
        costs.deployment_id,
        costs.cost_origin,
        costs.origin_pool,
        cast(null as string) as method,
        cast(null as string) as matched_by,
        costs.environment,
        costs.workload,
        costs.effective_cost,
        costs.date_day
    from costs
    inner join months on {{ period_end('costs.cost_month', "'month'") }} = months.period_start
    union all
    select
        booked_month as period_start,
        'adjustment' as entry,
        owner,
        deployment_id,
        cost_origin,
        origin_pool,
        cast(null as string) as method,
        cast(null as string) as matched_by,
        environment,
        workload,
        effective_cost,
        date_day
    from {{ ref('fct_owner_adjustments') }}

),

lines as (

    select
        period_start,
        owner,
        deployment_id,
        cost_origin,
        origin_pool,
        {{ texts_of_group('method', '; ') }} as method,
        {{ texts_of_group('matched_by', '; ') }} as matched_by,
        max_by(environment, date_day) as environment,
        max_by(workload, date_day) as workload,
        coalesce(sum(effective_cost) filter (where entry = 'month'), 0) as effective_cost,
        coalesce(sum(effective_cost) filter (where entry = 'adjustment'), 0) as adjustment_cost,
        coalesce(sum(effective_cost) filter (where entry = 'month before'), 0) as previous_cost
    from entries
    group by period_start, owner, deployment_id, cost_origin, origin_pool

)

select
    lines.period_start,
    {{ period_end('lines.period_start', "'month'") }} as period_end,
    lines.owner,
    lines.deployment_id,
    lines.cost_origin,
    lines.origin_pool,
    lines.environment,
    lines.workload,
    lines.method,
    lines.matched_by,
    cast(lines.effective_cost as {{ money_type() }}) as effective_cost,
    cast(lines.adjustment_cost as {{ money_type() }}) as adjustment_cost,
    cast(lines.effective_cost + lines.adjustment_cost as {{ money_type() }}) as statement_cost,
    cast(case when months.has_month_before then lines.previous_cost end as {{ money_type() }}) as previous_cost,
    accounts.account,
    accounts.adjustment_account,
    accounts.clearing_account,
    coalesce(months.is_complete, false) as is_complete,
    closed_months.closed_month is not null as is_closed,
    case when closed_months.closed_month is not null then 'chargeback' else 'showback' end as basis,
    closed_months.closed_by,
    closed_months.closed_at,
    closed_months.record_hash as closing_hash,
    '{{ var('reporting_currency') }}' as currency
from lines
left join months on lines.period_start = months.period_start
left join closed_months on lines.period_start = closed_months.closed_month
left join {{ ref('int_books__owner_accounts') }} as accounts
    on lines.owner = accounts.owner and lines.cost_origin = accounts.cost_origin
