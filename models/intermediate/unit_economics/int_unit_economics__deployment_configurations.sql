with deployments as (

    select * from {{ ref('deployments') }}

)

select
    cast(deployment_id as string) as deployment_id,
    deployment_id || '@' || coalesce(cast(cast(valid_from as date) as string), 'start') as configuration_id,
    cast(environment as string) as environment,
    cast(workload as string) as workload,
    coalesce(cast(kind as string), 'inference') as kind,
    {{ columns(deployment_attributes(), "coalesce(cast({0} as string), '(none)') as {0}") }},
    cast(labels as string) as labels,
    coalesce(cast(valid_from as date), date '0001-01-01') as valid_from,
    cast(valid_to as date) as valid_to
from deployments
