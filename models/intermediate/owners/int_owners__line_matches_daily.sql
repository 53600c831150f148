with owners as (

    select * from {{ ref('cost_owners') }}

),

ledger as (

    select * from {{ ref('int_books__recomputed_costs_daily') }}

),

deployment_labels as (

    select
        cohorts.deployment_id,
        cohorts.cohort_dimension as label_key,
        cohorts.cohort as label_value,
        cohorts.date_day
    from {{ ref('int_unit_economics__deployment_cohorts_daily') }} as cohorts
    inner join {{ ref('cohort_dimensions') }} as dimensions on cohorts.cohort_dimension = dimensions.cohort_dimension
    where dimensions.told_by = 'label'

),

-- a label is what the ledger says of the line, or what deployments says of its deployment
fits as (

    select
        ledger.source,
        ledger.deployment_id,
        ledger.cost_origin,
        ledger.origin_pool,
        owners.priority,
        ledger.date_day
    from ledger
    inner join owners
        on
            {{ in_effect('owners', 'ledger.date_day') }}
            and owners.match_value = case
                when owners.match_type = 'deployment' then ledger.deployment_id
                when owners.match_type = 'label'
                    then case owners.match_key
                            when 'workload' then ledger.workload
                            when 'environment' then ledger.environment
                            when 'kind' then ledger.kind
                            when 'model' then ledger.model
                            when 'accelerator' then ledger.accelerator
                            when 'source' then ledger.source
                            when 'cost_origin' then ledger.cost_origin
                            when 'origin_pool' then ledger.origin_pool
                        end
            end
    union all
    select
        ledger.source,
        ledger.deployment_id,
        ledger.cost_origin,
        ledger.origin_pool,
        owners.priority,
        ledger.date_day
    from ledger
    inner join deployment_labels
        on ledger.deployment_id = deployment_labels.deployment_id and ledger.date_day = deployment_labels.date_day
    inner join owners
        on
            deployment_labels.label_key = owners.match_key
            and deployment_labels.label_value = owners.match_value
            and owners.match_type = 'label'
            and {{ in_effect('owners', 'ledger.date_day') }}

)

select
    date_day,
    source,
    deployment_id,
    cost_origin,
    origin_pool,
    min(priority) as priority
from fits
group by date_day, source, deployment_id, cost_origin, origin_pool
