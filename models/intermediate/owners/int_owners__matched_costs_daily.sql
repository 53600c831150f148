with ledger as (

    select * from {{ ref('int_books__recomputed_costs_daily') }}

),

line_matches as (

    select * from {{ ref('int_owners__line_matches_daily') }}

),

lines as (

    select
        ledger.source,
        ledger.deployment_id,
        ledger.cost_origin,
        ledger.origin_pool,
        ledger.effective_cost,
        line_matches.priority,
        ledger.date_day
    from ledger
    left join line_matches
        on
            ledger.date_day = line_matches.date_day
            and ledger.source = line_matches.source
            and ledger.deployment_id = line_matches.deployment_id
            and ledger.cost_origin = line_matches.cost_origin
            and ledger.origin_pool = line_matches.origin_pool

),

-- what is charged directly and has a tag that a row names before the line's own
tagged as (

    select
        lines.source,
        lines.deployment_id,
        lines.cost_origin,
        lines.origin_pool,
        tagged_costs.effective_cost,
        tagged_costs.priority,
        lines.date_day
    from lines
    inner join {{ ref('int_owners__tagged_costs_daily') }} as tagged_costs
        on
            lines.date_day = tagged_costs.date_day
            and lines.source = tagged_costs.source
            and lines.deployment_id = tagged_costs.deployment_id
            and lines.cost_origin = tagged_costs.cost_origin
            and lines.origin_pool = '(none)'
            and (lines.priority is null or lines.priority > tagged_costs.priority)

),

tag_totals as (

    select
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        sum(effective_cost) as effective_cost,
        date_day
    from tagged
    group by date_day, source, deployment_id, cost_origin, origin_pool

),

-- the rest of a line is what is left of it, so that both are the line, exactly
pieces as (

    select
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        priority,
        {{ money_to_units('effective_cost') }} as cost_units,
        date_day
    from tagged
    union all
    select
        lines.source,
        lines.deployment_id,
        lines.cost_origin,
        lines.origin_pool,
        lines.priority,
        {{ money_to_units('(lines.effective_cost - coalesce(tag_totals.effective_cost, 0))') }} as cost_units,
        lines.date_day
    from lines
    left join tag_totals
        on
            lines.date_day = tag_totals.date_day
            and lines.source = tag_totals.source
            and lines.deployment_id = tag_totals.deployment_id
            and lines.cost_origin = tag_totals.cost_origin
            and lines.origin_pool = tag_totals.origin_pool

),

-- customers that a row names before what the piece has; all others are one
customers as (

    select
        pieces.source,
        pieces.deployment_id,
        pieces.cost_origin,
        pieces.origin_pool,
        pieces.priority as piece_priority,
        coalesce(least(weights.priority, pieces.priority), weights.priority, pieces.priority) as priority,
        pieces.cost_units,
        coalesce(weights.weight, 1) as weight,
        pieces.date_day
    from pieces
    left join {{ ref('int_owners__customer_weights_daily') }} as weights
        on pieces.date_day = weights.date_day and pieces.deployment_id = weights.deployment_id

),

parts as (

    select
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        piece_priority,
        priority,
        cost_units,
        cast(sum(weight) as {{ wide_integer() }}) as weight,
        date_day
    from customers
    group by date_day, source, deployment_id, cost_origin, origin_pool, piece_priority, priority, cost_units

),

divided as (

    {{ largest_remainder(
        relation='parts',
        amount='cost_units',
        weight='weight',
        partition_by=['date_day', 'source', 'deployment_id', 'cost_origin', 'origin_pool', 'piece_priority'],
        order_by=['priority nulls last']
    ) }}

)

select
    date_day,
    source,
    deployment_id,
    cost_origin,
    origin_pool,
    priority,
    cast(sum({{ units_to_money('part') }}) as {{ money_type() }}) as effective_cost
from divided
group by date_day, source, deployment_id, cost_origin, origin_pool, priority
