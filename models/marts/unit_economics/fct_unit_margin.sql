with unit_economics as (

    select
        grain,
        environment,
        workload,
        cohort as customer_tier,
        unit,
        unit_scale,
        units,
        effective_cost,
        counted_cost,
        cost_per_unit,
        null_reason,
        currency,
        is_complete,
        period_start,
        period_end
    from {{ ref('int_books__unit_economics') }}
    where cohort_dimension = 'customer_tier'

),

revenues as (

    select * from {{ ref('int_unit_economics__revenue') }}

),

price_book as (

    select distinct
        customer_tier,
        workload,
        unit
    from {{ ref('price_book') }}

),

units as (

    select
        unit,
        counting
    from {{ ref('units') }}

),

-- first what is missing on the price's side, then on the cost's
compared as (

    select
        unit_economics.{{ all_but('null_reason') }},
        coalesce(revenues.priced_units, 0) as priced_units,
        coalesce(revenues.revenue, 0) as revenue,
        case
            when price_book.unit is null then 'no_price'
            when units.counting = 'distinct' and unit_economics.grain != 'month' then 'price_is_monthly'
            when unit_economics.null_reason is not null then unit_economics.null_reason
            when not coalesce(revenues.is_priced, false) then 'no_price'
            when revenues.priced_units < unit_economics.units then 'price_incomplete'
        end as null_reason
    from unit_economics
    left join units on unit_economics.unit = units.unit
    left join price_book
        on
            unit_economics.customer_tier = price_book.customer_tier
            and unit_economics.workload = price_book.workload
            and unit_economics.unit = price_book.unit
    left join revenues
        on
            unit_economics.grain = revenues.grain
            and unit_economics.period_start = revenues.period_start
            and unit_economics.environment = revenues.environment
            and unit_economics.workload = revenues.workload
            and unit_economics.customer_tier = revenues.customer_tier
            and unit_economics.unit = revenues.unit

)

select
    grain,
    period_start,
    period_end,
    is_complete,
    environment,
    workload,
    customer_tier,
    unit,
    unit_scale,
    units,
    priced_units,
    cast(revenue as {{ money_type() }}) as revenue,
    effective_cost,
    counted_cost,
    case when null_reason is null then {{ cost_per_unit('revenue', 'units', 'unit_scale') }} end as price_per_unit,
    cost_per_unit,
    cast(case when null_reason is null then revenue - counted_cost end as {{ money_type() }}) as margin,
    -- given away, a unit has a margin and no rate
    case
        when null_reason is null and revenue != 0 then cast(revenue - counted_cost as double) / cast(revenue as double)
    end as margin_rate,
    case when null_reason is null then revenue < counted_cost end as is_sold_below_cost,
    null_reason,
    currency
from compared
