with deployments as (

    select * from {{ ref('deployments') }}

)

select
    cast(deployment_id as varchar) as deployment_id,
    deployment_id || '@' || coalesce(cast(cast(valid_from as date) as varchar), 'start') as configuration_id,
    cast(environment as varchar) as environment,
    cast(workload as varchar) as workload,
    coalesce(cast(kind as varchar), 'inference') as kind,
    {{ columns(deployment_attributes(), "coalesce(cast({0} as varchar), '(none)') as {0}") }},
    cast(labels as varchar) as labels,
    coalesce(cast(valid_from as date), date '0001-01-01') as valid_from,
    cast(valid_to as date) as valid_to
from deployments
