with configurations as (

    select * from {{ ref('int_unit_economics__deployment_configurations') }}

)

select
    configuration_id,
    deployment_id,
    environment,
    workload,
    kind,
    {{ columns(deployment_attributes()) }},
    valid_to is null as is_current,
    valid_from,
    valid_to
from configurations
