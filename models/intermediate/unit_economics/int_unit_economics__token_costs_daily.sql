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

credited_costs as (

    select
        deployment_id,
        cost_origin,
        unit,
        {{ money_to_units('effective_cost') }} as own_units,
        date_day
    from {{ ref('int_allocation__credited_costs_daily') }}

),

-- a kind of token that is credited bears that, whether or not it has a share of the day
shares as (

    select
        deployment_id,
        unit,
        token_cost_method,
        weight,
        weight_low,
        weight_high,
        date_day
    from token_shares
    union all
    select distinct
        credited_costs.deployment_id,
        credited_costs.unit,
        token_shares.token_cost_method,
        0 as weight,
        0 as weight_low,
        0 as weight_high,
        credited_costs.date_day
    from credited_costs
    inner join token_shares
        on
            credited_costs.deployment_id = token_shares.deployment_id
            and credited_costs.date_day = token_shares.date_day
    anti join token_shares as same_kind
        on
            credited_costs.deployment_id = same_kind.deployment_id
            and credited_costs.unit = same_kind.unit
            and credited_costs.date_day = same_kind.date_day

),

-- training has no tokens served, so no shares: its cost stays whole.
kinds as (

    select
        ledger.deployment_id,
        ledger.cost_origin,
        coalesce(shares.unit, '(none)') as unit,
        shares.token_cost_method,
        {{ money_to_units('ledger.effective_cost') }} as cost_units,
        credited_costs.own_units,
        cast(coalesce(shares.weight, 1) as {{ wide_integer() }}) as weight,
        cast(coalesce(shares.weight_low, 1) as {{ wide_integer() }}) as weight_low,
        cast(coalesce(shares.weight_high, 1) as {{ wide_integer() }}) as weight_high,
        ledger.date_day
    from ledger
    left join shares
        on ledger.deployment_id = shares.deployment_id and ledger.date_day = shares.date_day
    left join credited_costs
        on
            ledger.deployment_id = credited_costs.deployment_id
            and ledger.cost_origin = credited_costs.cost_origin
            and shares.unit = credited_costs.unit
            and ledger.date_day = credited_costs.date_day

),

-- what is not billed by kind is divided by shares
lines as (

    select
        deployment_id,
        cost_origin,
        unit,
        token_cost_method,
        coalesce(own_units, 0) as own_units,
        count(own_units) over (partition by date_day, deployment_id, cost_origin) > 0 as has_own_units,
        cost_units - coalesce(sum(own_units) over (partition by date_day, deployment_id, cost_origin), 0)
            as shared_units,
        weight,
        weight_low,
        weight_high,
        date_day
    from kinds

),

split_costs as (

    {{ largest_remainder(
        relation='lines',
        amount='shared_units',
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
        case when has_own_units and shared_units = 0 then 'billed_meters' else token_cost_method end
            as token_cost_method,
        own_units,
        part_units,
        case
            when weight_low = weight then part_units
            else
                ({{ sign_of('shared_units') }})
                * {{ multiply_divide('abs(shared_units)', 'weight_low', 'total_weight') }}
        end as low_units,
        case
            when weight_high = weight then part_units
            else
                ({{ sign_of('shared_units') }})
                * {{ multiply_divide('abs(shared_units)', 'weight_high', 'total_weight') }}
        end as high_units,
        date_day
    from totals

)

select
    deployment_id,
    cost_origin,
    unit,
    token_cost_method,
    {{ units_to_money('own_units + part_units') }} as effective_cost,
    {{ units_to_money('own_units + least(part_units, low_units, high_units)') }} as effective_cost_low,
    {{ units_to_money('own_units + greatest(part_units, low_units, high_units)') }} as effective_cost_high,
    date_day
from bounds
