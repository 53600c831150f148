with token_costs as (

    select
        deployment_id,
        cost_origin,
        unit,
        token_cost_method,
        {{ money_to_units('effective_cost') }} as cost_units,
        {{ money_to_units('effective_cost_low') }} as low_units,
        {{ money_to_units('effective_cost_high') }} as high_units,
        date_day
    from {{ ref('int_unit_economics__token_costs_daily') }}

),

usage_cells as (

    select
        deployment_id,
        customer_tier,
        geography,
        unit,
        units,
        date_day
    from {{ ref('int_unit_economics__usage_cells_daily') }}

),

-- a kind of token is paid for by who used that kind; without such use, by who made requests; else by nobody known
payers as (

    select
        token_costs.deployment_id,
        coalesce(same_kind.customer_tier, requests.customer_tier, '(unattributed)') as customer_tier,
        coalesce(same_kind.geography, requests.geography, '(unattributed)') as geography,
        token_costs.cost_origin,
        token_costs.unit,
        token_costs.token_cost_method,
        token_costs.cost_units,
        token_costs.low_units,
        token_costs.high_units,
        cast(coalesce(same_kind.units, requests.units, 1) as {{ wide_integer() }}) as weight,
        token_costs.date_day
    from token_costs
    left join usage_cells as same_kind
        on
            token_costs.date_day = same_kind.date_day
            and token_costs.deployment_id = same_kind.deployment_id
            and token_costs.unit = same_kind.unit
    left join usage_cells as requests
        on
            same_kind.units is null
            and token_costs.date_day = requests.date_day
            and token_costs.deployment_id = requests.deployment_id
            and requests.unit = 'request'

),

{% set cell = {
    'weight': 'weight',
    'partition_by': ['date_day', 'deployment_id', 'unit', 'cost_origin'],
    'order_by': ['customer_tier', 'geography']
} %}
costs as (

    {{ largest_remainder(relation='payers', amount='cost_units', part='cost_part', **cell) }}

),

lows as (

    {{ largest_remainder(relation='costs', amount='low_units', part='low_part', **cell) }}

),

highs as (

    {{ largest_remainder(relation='lows', amount='high_units', part='high_part', **cell) }}

)

select
    deployment_id,
    customer_tier,
    geography,
    cost_origin,
    unit,
    token_cost_method,
    {{ units_to_money('cost_part') }} as effective_cost,
    {{ units_to_money('low_part') }} as effective_cost_low,
    {{ units_to_money('high_part') }} as effective_cost_high,
    date_day
from highs
