with ledger as (

    select
        deployment_id,
        cost_origin,
        sum(effective_cost) as effective_cost,
        date_day
    from {{ ref('int_allocation__cost_ledger_daily') }}
    where deployment_id not like '(%'
    group by deployment_id, cost_origin, date_day

),

token_shares as (

    select
        deployment_id,
        unit,
        token_cost_method,
        weight,
        weight_low,
        weight_high,
        date_day
    from {{ ref('int_allocation__token_shares_daily') }}

),

-- training has no tokens served, so no shares: its cost stays whole.
lines as (

    select
        ledger.deployment_id,
        ledger.cost_origin,
        coalesce(token_shares.unit, '(none)') as unit,
        token_shares.token_cost_method,
        {{ money_to_units('ledger.effective_cost') }} as cost_units,
        cast(coalesce(token_shares.weight, 1) as {{ wide_integer() }}) as weight,
        cast(coalesce(token_shares.weight_low, 1) as {{ wide_integer() }}) as weight_low,
        cast(coalesce(token_shares.weight_high, 1) as {{ wide_integer() }}) as weight_high,
        ledger.date_day
    from ledger
    left join token_shares
        on ledger.deployment_id = token_shares.deployment_id and ledger.date_day = token_shares.date_day

),

split_costs as (

    {{ largest_remainder(
        relation='lines',
        amount='cost_units',
        weight='weight',
        partition_by=['date_day', 'deployment_id', 'cost_origin'],
        order_by=['unit'],
        part='part_units'
    ) }}

),

totals as (

    select
        *,
        sum(weight) over (partition by date_day, deployment_id, cost_origin) as total_weight
    from split_costs

),

-- a bound that no other method moves is the cost itself, not the cost rounded once more
bounds as (

    select
        deployment_id,
        cost_origin,
        unit,
        token_cost_method,
        part_units,
        case
            when weight_low = weight then part_units
            else
                ({{ sign_of('cost_units') }})
                * {{ multiply_divide('abs(cost_units)', 'weight_low', 'total_weight') }}
        end as low_units,
        case
            when weight_high = weight then part_units
            else
                ({{ sign_of('cost_units') }})
                * {{ multiply_divide('abs(cost_units)', 'weight_high', 'total_weight') }}
        end as high_units,
        date_day
    from totals

)

select
    deployment_id,
    cost_origin,
    unit,
    token_cost_method,
    {{ units_to_money('part_units') }} as effective_cost,
    {{ units_to_money('least(part_units, low_units, high_units)') }} as effective_cost_low,
    {{ units_to_money('greatest(part_units, low_units, high_units)') }} as effective_cost_high,
    date_day
from bounds
