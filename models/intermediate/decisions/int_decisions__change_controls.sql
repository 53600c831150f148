with changes as (

    select * from {{ ref('int_decisions__changes') }}

),

configurations as (

    select * from {{ ref('dim_deployments') }}

)

-- a deployment of the same model for the same workload that stayed what it was while the other changed
select
    changes.change_id,
    min(configurations.deployment_id) as control_deployment_id
from changes
inner join configurations
    on
        changes.deployment_id != configurations.deployment_id
        and changes.workload = configurations.workload
        and changes.environment = configurations.environment
        and changes.kind = configurations.kind
        and changes.model = configurations.model
        and configurations.valid_from <= changes.changed_on - 28
        and (
            configurations.valid_to is null
            or configurations.valid_to
            >= least(changes.changed_on + 28, coalesce(changes.next_changed_on, date '9999-12-31'))
        )
group by changes.change_id
