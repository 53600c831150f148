with unit_margins as (
    select * from {{ ref('fct_unit_margin') }}
),

cost_cells as (
    select
        deployment_id,
        customer_tier,
        effective_cost,
        usage_date
    from {{ ref('int_unit_economics__cost_cells_daily') }}
),

deployment_days as (
    select
        deployment_id,
        environment,
        workload,
        usage_date
    from {{ ref('int_unit_economics__deployment_days') }}
),

price_book as (
    select distinct
        customer_tier,
        workload,
        unit
    from {{ ref('price_book') }}
),

daily_costs as (
    select
        deployment_days.environment,
        deployment_days.workload,
        cost_cells.customer_tier,
        sum(cost_cells.effective_cost) as effective_cost,
        cost_cells.usage_date
    from cost_cells
    inner join deployment_days
        on
            cost_cells.deployment_id = deployment_days.deployment_id
            and cost_cells.usage_date = deployment_days.usage_date
    group by deployment_days.environment, deployment_days.workload, cost_cells.customer_tier, cost_cells.usage_date
),

costs as (
    {% for grain in ['daily', 'weekly', 'monthly'] -%}
    select
        '{{ grain }}' as grain,
        environment,
        workload,
        customer_tier,
        sum(effective_cost) as effective_cost,
        {{ period_start('usage_date', grain) }} as period_start
    from daily_costs
    group by environment, workload, customer_tier, {{ period_start('usage_date', grain) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- What a tier is charged, unit by unit. A unit that was not used earns nothing, and that is known; a unit that bears cost
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
            {% for reason in [
                'price_is_monthly', 'no_cost', 'no_telemetry', 'coverage_below_minimum', 'price_incomplete'
            ] -%}
            when bool_or(price_book.unit is not null and unit_margins.null_reason = '{{ reason }}') then '{{ reason }}'
            {% endfor -%}
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
        unit_margins.grain,
        unit_margins.environment,
        unit_margins.workload,
        unit_margins.customer_tier,
        unit_margins.currency,
        unit_margins.period_start,
        unit_margins.period_end
)

select
    revenues.grain,
    revenues.period_start,
    revenues.period_end,
    revenues.is_complete,
    revenues.environment,
    revenues.workload,
    revenues.customer_tier,
    revenues.priced_unit_count,
    cast(revenues.revenue as {{ money_type() }}) as revenue,
    cast(coalesce(costs.effective_cost, 0) as {{ money_type() }}) as effective_cost,
    cast(
        case when revenues.null_reason is null then revenues.revenue - coalesce(costs.effective_cost, 0) end
        as {{ money_type() }}
    ) as margin,
    case
        when revenues.null_reason is null and revenues.revenue != 0
            then (revenues.revenue - coalesce(costs.effective_cost, 0)) / revenues.revenue
    end as margin_rate,
    case when revenues.null_reason is null then revenues.revenue < coalesce(costs.effective_cost, 0) end
        as is_sold_below_cost,
    revenues.null_reason,
    revenues.currency
from revenues
left join costs
    on
        revenues.grain = costs.grain
        and revenues.period_start = costs.period_start
        and revenues.environment = costs.environment
        and revenues.workload = costs.workload
        and revenues.customer_tier = costs.customer_tier
