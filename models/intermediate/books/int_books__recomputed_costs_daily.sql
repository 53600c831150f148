with ledger as (

    select
        source,
        deployment_id,
        cost_origin,
        coalesce(origin_pool, '(none)') as origin_pool,
        effective_cost,
        date_day
    from {{ ref('int_allocation__cost_ledger_daily') }}

),

deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

lines as (

    select
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        sum(effective_cost) as effective_cost,
        date_day
    from ledger
    group by source, deployment_id, cost_origin, origin_pool, date_day

)

select
    lines.date_day,
    lines.source,
    lines.deployment_id,
    lines.cost_origin,
    lines.origin_pool,
    deployment_days.configuration_id,
    deployment_days.environment,
    deployment_days.workload,
    deployment_days.kind,
    deployment_days.model,
    deployment_days.accelerator,
    cast(lines.effective_cost as {{ money_type() }}) as effective_cost,
    '{{ var('reporting_currency') }}' as currency
from lines
left join deployment_days
    on lines.deployment_id = deployment_days.deployment_id and lines.date_day = deployment_days.date_day
