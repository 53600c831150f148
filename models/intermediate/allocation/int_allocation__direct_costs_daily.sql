with cost_lines as (

    select date_day, source, billing_period_start, treatment, target, cost_origin, effective_cost
    from {{ ref('int_costs__cost_lines_daily') }}

),

pool_costs as (

    select
        date_day,
        source,
        billing_period_start,
        pool_id,
        resource_kind,
        deployment_id,
        cost_origin,
        allocation_note,
        effective_cost
    from {{ ref('int_allocation__pool_costs_daily') }}

),

direct_costs as (

    select
        date_day,
        source,
        billing_period_start,
        target as deployment_id,
        cost_origin,
        sum(effective_cost) as effective_cost
    from cost_lines
    where treatment = 'direct'
    group by date_day, source, billing_period_start, target, cost_origin

)

select
    date_day,
    source,
    billing_period_start,
    'direct' as treatment,
    '(none)' as origin_pool,
    '(none)' as resource_kind,
    deployment_id,
    cost_origin,
    cast(null as string) as allocation_note,
    effective_cost
from direct_costs
union all
select
    date_day,
    source,
    billing_period_start,
    'pool' as treatment,
    pool_id as origin_pool,
    resource_kind,
    deployment_id,
    cost_origin,
    allocation_note,
    effective_cost
from pool_costs
