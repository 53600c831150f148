with unit_margins as (

    select * from {{ ref('fct_unit_margin') }}

),

daily_costs as (

    select * from {{ ref('int_unit_economics__tier_costs_daily') }}

),

price_book as (

    select distinct
        customer_tier,
        workload,
        unit
    from {{ ref('price_book') }}

),

costs as (

    select
        grains.grain,
        environment,
        workload,
        customer_tier,
        sum(effective_cost) as effective_cost,
        sum(counted_cost) as counted_cost,
        min(null_reason) as null_reason,
        {{ period_start('date_day', 'grains.grain') }} as period_start
    from daily_costs
    cross join {{ grains() }}
    group by grains.grain, environment, workload, customer_tier, {{ period_start('date_day', 'grains.grain') }}

),

-- what a tier is charged, unit by unit. A unit that was not used earns nothing, and that is known; a unit that bears cost
-- and of which none was counted was used and not counted.
revenues as (

    select
        unit_margins.grain,
        unit_margins.environment,
        unit_margins.workload,
        unit_margins.customer_tier,
        unit_margins.currency,
        sum(unit_margins.revenue) as revenue,
        count(price_book.unit) as priced_unit_count,
        case
            when count(*) filter (
                    where price_book.unit is not null and unit_margins.null_reason is distinct from 'no_price'
                ) = 0 then 'no_price'
            {{ columns(
                ['price_is_monthly'] + uncounted_reasons() + ['price_incomplete'],
                "when bool_or(price_book.unit is not null and unit_margins.null_reason = '{0}') then '{0}'",
                separator=' '
            ) }}
            when bool_or(
                    price_book.unit is not null
                    and unit_margins.null_reason = 'no_units'
                    and unit_margins.effective_cost != 0
                ) then 'no_units'
        end as null_reason,
        bool_and(unit_margins.is_complete) as is_complete,
        unit_margins.period_start,
        unit_margins.period_end
    from unit_margins
    left join price_book
        on
            unit_margins.customer_tier = price_book.customer_tier
            and unit_margins.workload = price_book.workload
            and unit_margins.unit = price_book.unit
    group by
        unit_margins.grain, unit_margins.environment, unit_margins.workload, unit_margins.customer_tier,
        unit_margins.currency, unit_margins.period_start, unit_margins.period_end

),

-- what a tier is charged for a workload against what that costs
of_workloads as (

    select
        revenues.{{ all_but('null_reason') }},
        coalesce(revenues.null_reason, costs.null_reason) as null_reason,
        coalesce(costs.effective_cost, 0) as effective_cost,
        coalesce(costs.counted_cost, 0) as counted_cost
    from revenues
    left join costs
        on
            revenues.grain = costs.grain
            and revenues.period_start = costs.period_start
            and revenues.environment = costs.environment
            and revenues.workload = costs.workload
            and revenues.customer_tier = costs.customer_tier

),

-- what has no price is charged nothing, and costs; what is not known of one workload is not known of all of them
of_tiers as (

    select
        grain,
        period_start,
        period_end,
        environment,
        customer_tier,
        currency,
        '(all)' as workload,
        bool_and(is_complete) as is_complete,
        sum(priced_unit_count) as priced_unit_count,
        sum(revenue) as revenue,
        sum(effective_cost) as effective_cost,
        sum(counted_cost) as counted_cost,
        case
            when bool_and(null_reason is not distinct from 'no_price') then 'no_price'
            else min(null_reason) filter (where null_reason != 'no_price')
        end as null_reason
    from of_workloads
    group by grain, period_start, period_end, environment, customer_tier, currency

),

compared as (

    select
        grain,
        period_start,
        period_end,
        environment,
        workload,
        customer_tier,
        currency,
        is_complete,
        priced_unit_count,
        revenue,
        effective_cost,
        counted_cost,
        null_reason
    from of_workloads
    union all
    select
        grain,
        period_start,
        period_end,
        environment,
        workload,
        customer_tier,
        currency,
        is_complete,
        priced_unit_count,
        revenue,
        effective_cost,
        counted_cost,
        null_reason
    from of_tiers

)

select
    grain,
    period_start,
    period_end,
    is_complete,
    environment,
    workload,
    customer_tier,
    cast(priced_unit_count as bigint) as priced_unit_count,
    cast(revenue as {{ money_type() }}) as revenue,
    cast(effective_cost as {{ money_type() }}) as effective_cost,
    cast(counted_cost as {{ money_type() }}) as counted_cost,
    cast(case when null_reason is null then revenue - counted_cost end as {{ money_type() }}) as margin,
    case
        when null_reason is null and revenue != 0 then cast(revenue - counted_cost as double) / cast(revenue as double)
    end as margin_rate,
    case when null_reason is null then revenue < counted_cost end as is_sold_below_cost,
    null_reason,
    currency
from compared
