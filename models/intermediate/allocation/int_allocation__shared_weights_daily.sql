{%- set scope_columns = [
    'deployment_id', 'workload', 'environment', 'kind', 'model', 'model_variant', 'accelerator', 'quantization',
    'batching', 'prefix_caching', 'speculative_decoding', 'mig_profile', 'serving_engine', 'release'
] %}
with pool_days as (

    select date_day, pool_id, driver, scope_column, scope_value
    from {{ ref('int_allocation__shared_pool_days') }}
    where driver is not null

),

driver_quantities as (

    select date_day, driver, deployment_id, quantity, is_known, is_carried_forward
    from {{ ref('int_allocation__driver_quantities_daily') }}

),

shared_pool_weights as (

    select pool_id, deployment_id, weight, valid_from, valid_to
    from {{ ref('shared_pool_weights') }}

),

deployments as (

    select {{ scope_columns | join(', ') }}, valid_from, valid_to
    from {{ ref('deployments') }}

),

-- a pool's candidates: the deployments in its scope that were configured on that day.
candidates as (

    select
        pool_days.date_day,
        pool_days.pool_id,
        pool_days.driver,
        deployments.deployment_id
    from pool_days
    inner join deployments
        on
            {{ in_effect('deployments', 'pool_days.date_day') }}
    where
        pool_days.scope_column is null
        or pool_days.scope_value = case pool_days.scope_column
            {{ columns(scope_columns, "when '{0}' then deployments.{0}", separator=' ') }}
        end

),

weighed as (

    select
        candidates.date_day,
        candidates.pool_id,
        candidates.driver,
        candidates.deployment_id,
        -- whole numbers only: a fixed weight in billionths.
        coalesce(
            case candidates.driver
                when 'even' then 1
                when 'fixed' then cast(shared_pool_weights.weight * 1000000000 as {{ wide_integer() }})
                else driver_quantities.quantity
            end, 0
        ) as quantity,
        coalesce(driver_quantities.is_known, true) as is_known,
        coalesce(driver_quantities.is_carried_forward, false) as is_carried_forward
    from candidates
    left join driver_quantities
        on
            candidates.date_day = driver_quantities.date_day
            and candidates.driver = driver_quantities.driver
            and candidates.deployment_id = driver_quantities.deployment_id
    left join shared_pool_weights
        on
            candidates.pool_id = shared_pool_weights.pool_id
            and candidates.deployment_id = shared_pool_weights.deployment_id
            and {{ in_effect('shared_pool_weights', 'candidates.date_day') }}

)

select
    date_day,
    pool_id,
    driver,
    deployment_id,
    case
        when quantity < 0 then 'negative_driver'
        when is_carried_forward then 'driver_carried_forward'
    end as allocation_note,
    is_known,
    cast(quantity as {{ wide_integer() }}) as quantity,
    cast(greatest(quantity, 0) as {{ wide_integer() }}) as weight
from weighed
