with hosted_costs as (

    select * from {{ ref('int_unit_economics__hosted_costs_daily') }}

),

deployment_days as (

    select
        deployment_id,
        environment,
        workload,
        kind,
        date_day
    from {{ ref('int_unit_economics__deployment_days') }}

),

separate_pools as (

    select pool_id, valid_from, valid_to
    from {{ ref('capacity_pools') }}
    where idle_treatment = 'separate'

),

separate_idle as (

    select distinct
        ledger.deployment_id,
        ledger.date_day
    from {{ ref('int_allocation__cost_ledger_daily') }} as ledger
    inner join separate_pools
        on ledger.origin_pool = separate_pools.pool_id and {{ in_effect('separate_pools', 'ledger.date_day') }}

),

-- utilization has a meaning where a workload bears the capacity that it runs on, idle included
capacity_days as (

    select
        deployment_days.environment,
        deployment_days.workload,
        bool_or(deployment_days.kind = 'hosted') as has_hosted,
        bool_or(separate_idle.deployment_id is not null) as has_separate_idle,
        deployment_days.date_day
    from deployment_days
    left join separate_idle
        on
            deployment_days.deployment_id = separate_idle.deployment_id
            and deployment_days.date_day = separate_idle.date_day
    group by deployment_days.environment, deployment_days.workload, deployment_days.date_day

)

select
    grains.grain,
    hosted_costs.environment,
    hosted_costs.workload,
    hosted_costs.provider,
    hosted_costs.model,
    {{ merge_methods('hosted_costs.price_source') }} as price_source,
    cast(sum(hosted_costs.input_tokens) as bigint) as input_tokens,
    cast(sum(hosted_costs.cached_input_tokens) as bigint) as cached_input_tokens,
    cast(sum(hosted_costs.output_tokens) as bigint) as output_tokens,
    sum(hosted_costs.hosted_cost) as hosted_cost,
    bool_or(
        hosted_costs.price_source is null
        and hosted_costs.input_tokens + hosted_costs.cached_input_tokens + hosted_costs.output_tokens > 0
    ) as is_price_unknown,
    bool_or(hosted_costs.is_tiered) as is_tiered,
    bool_or(hosted_costs.is_cached_priced_as_input) as is_cached_priced_as_input,
    bool_or(coalesce(capacity_days.has_hosted, false)) as has_hosted,
    bool_or(coalesce(capacity_days.has_separate_idle, false)) as has_separate_idle,
    {{ period_start('hosted_costs.date_day', 'grains.grain') }} as period_start
from hosted_costs
cross join {{ grains() }}
left join capacity_days
    on
        hosted_costs.environment = capacity_days.environment
        and hosted_costs.workload = capacity_days.workload
        and hosted_costs.date_day = capacity_days.date_day
group by
    grains.grain,
    hosted_costs.environment,
    hosted_costs.workload,
    hosted_costs.provider,
    hosted_costs.model,
    {{ period_start('hosted_costs.date_day', 'grains.grain') }}
