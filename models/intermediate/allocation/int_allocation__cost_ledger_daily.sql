with

cost_lines as (
    select charge_date, source, billing_period_start, treatment, cost_origin, effective_cost
    from {{ ref('int_costs__cost_lines_daily') }}
),

direct_costs as (
    select
        charge_date,
        source,
        billing_period_start,
        treatment,
        origin_pool,
        deployment_id,
        cost_origin,
        allocation_note,
        effective_cost
    from {{ ref('int_allocation__direct_costs_daily') }}
),

shared_costs as (
    select
        charge_date,
        source,
        billing_period_start,
        pool_id,
        deployment_id,
        cost_origin,
        allocation_note,
        sum(effective_cost) as effective_cost
    from {{ ref('int_allocation__shared_costs_daily') }}
    group by charge_date, source, billing_period_start, pool_id, deployment_id, cost_origin, allocation_note
),

unplaced_costs as (
    select charge_date, source, billing_period_start, treatment, cost_origin, sum(effective_cost) as effective_cost
    from cost_lines
    where treatment not in ('direct', 'pool', 'shared')
    group by charge_date, source, billing_period_start, treatment, cost_origin
),

entries as (
    select
        charge_date,
        source,
        billing_period_start,
        treatment,
        origin_pool,
        deployment_id,
        cost_origin,
        allocation_note,
        effective_cost
    from direct_costs
    union all
    select
        charge_date,
        source,
        billing_period_start,
        'shared' as treatment,
        pool_id as origin_pool,
        deployment_id,
        cost_origin,
        allocation_note,
        effective_cost
    from shared_costs
    union all
    select
        charge_date,
        source,
        billing_period_start,
        treatment,
        '(none)' as origin_pool,
        '(' || treatment || ')' as deployment_id,
        cost_origin,
        case treatment when 'excluded' then 'excluded_by_rule' else 'no_rule_matched' end as allocation_note,
        effective_cost
    from unplaced_costs
)

select
    charge_date,
    source,
    billing_period_start,
    treatment,
    origin_pool,
    deployment_id,
    cost_origin,
    allocation_note,
    effective_cost
from entries
-- Nothing that has no place needs no line: a free charge that is spread over years ahead, for one.
where effective_cost != 0 or deployment_id not like '(%'
