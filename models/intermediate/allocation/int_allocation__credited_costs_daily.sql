with meter_lines as (

    select
        date_day,
        deployment_id,
        cost_origin,
        case unit when 'cache_write_token' then 'input_token' else unit end as unit,
        effective_cost
    from {{ ref('int_costs__meter_lines_daily') }}
    where cost_origin is not null

),

billed_weights as (

    select date_day, deployment_id, unit, cost_units, is_billed
    from {{ ref('int_allocation__billed_weights_daily') }}

),

-- of a day on which a kind has no known charge, nobody knows what the others should bear
credited_days as (

    select date_day, deployment_id
    from billed_weights
    group by date_day, deployment_id
    having min(cost_units) < 0 and count(*) = count(cost_units)

),

costs as (

    select date_day, deployment_id, cost_origin, unit, effective_cost
    from meter_lines
    union all
    select
        date_day,
        deployment_id,
        'usage' as cost_origin,
        unit,
        {{ units_to_money('cost_units') }} as effective_cost
    from billed_weights
    where not is_billed

)

select
    costs.date_day,
    costs.deployment_id,
    costs.cost_origin,
    costs.unit,
    cast(sum(costs.effective_cost) as {{ money_type() }}) as effective_cost
from costs
inner join credited_days
    on costs.date_day = credited_days.date_day and costs.deployment_id = credited_days.deployment_id
group by costs.date_day, costs.deployment_id, costs.cost_origin, costs.unit
