{%- set scope_columns = [
    'deployment_id', 'workload', 'environment', 'kind', 'model', 'model_variant', 'accelerator', 'quantization',
    'batching', 'prefix_caching', 'speculative_decoding', 'mig_profile', 'serving_engine', 'release'
] %}
with

pool_days as (
    select charge_date, pool_id, driver, scope_column, scope_value
    from {{ ref('int_allocation__shared_pool_days') }}
    where driver is not null
),

direct_costs as (
    select charge_date, deployment_id, effective_cost
    from {{ ref('int_allocation__direct_costs_daily') }}
),

metered_usage as (
    select usage_date, deployment_id, unit, units
    from {{ ref('int_usage__metered_usage_daily') }}
),

accelerator_seconds as (
    select usage_date, deployment_id, accelerator_seconds
    from {{ ref('int_usage__accelerator_seconds_daily') }}
),

shared_pool_weights as (
    select pool_id, deployment_id, weight
    from {{ ref('shared_pool_weights') }}
),

deployments as (
    select {{ scope_columns | join(', ') }}, valid_from, valid_to
    from {{ ref('deployments') }}
),

-- A pool's candidates: the deployments in its scope that were configured on that day.
candidates as (
    select
        pool_days.charge_date,
        pool_days.pool_id,
        pool_days.driver,
        deployments.deployment_id
    from pool_days
    inner join deployments
        on
            pool_days.charge_date >= deployments.valid_from
            and (pool_days.charge_date < deployments.valid_to or deployments.valid_to is null)
    where
        pool_days.scope_column is null
        or pool_days.scope_value = case pool_days.scope_column
            {%- for column in scope_columns %}
            when '{{ column }}' then deployments.{{ column }}
            {%- endfor %}
        end
),

-- Whole numbers only: money in millionths, time in seconds, fixed weights in billionths.
quantities as (
    select
        charge_date,
        'direct_cost' as driver,
        deployment_id,
        cast(trunc(sum(effective_cost) * 1000000) as hugeint) as quantity
    from direct_costs
    group by charge_date, deployment_id
    union all
    select usage_date as charge_date, 'tokens' as driver, deployment_id, sum(units) as quantity
    from metered_usage
    where unit in ('input_token', 'cached_input_token', 'output_token')
    group by usage_date, deployment_id
    union all
    select usage_date as charge_date, 'requests' as driver, deployment_id, sum(units) as quantity
    from metered_usage
    where unit = 'request'
    group by usage_date, deployment_id
    union all
    select usage_date as charge_date, 'accelerator_hours' as driver, deployment_id, sum(accelerator_seconds) as quantity
    from accelerator_seconds
    group by usage_date, deployment_id
),

weighed as (
    select
        candidates.charge_date,
        candidates.pool_id,
        candidates.driver,
        candidates.deployment_id,
        coalesce(
            case candidates.driver
                when 'even' then 1
                when 'fixed' then cast(shared_pool_weights.weight * 1000000000 as hugeint)
                else quantities.quantity
            end, 0
        ) as quantity
    from candidates
    left join quantities
        on
            candidates.charge_date = quantities.charge_date
            and candidates.driver = quantities.driver
            and candidates.deployment_id = quantities.deployment_id
    left join shared_pool_weights
        on
            candidates.pool_id = shared_pool_weights.pool_id
            and candidates.deployment_id = shared_pool_weights.deployment_id
)

select
    charge_date,
    pool_id,
    driver,
    deployment_id,
    case when quantity < 0 then 'negative_driver' end as allocation_note,
    cast(quantity as hugeint) as quantity,
    cast(greatest(quantity, 0) as hugeint) as weight
from weighed
