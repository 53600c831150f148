{% set levers = [
    'quantization', 'batching', 'prefix_caching', 'speculative_decoding', 'mig_profile', 'accelerator', 'serving_engine'
] %}
{% set parts = deployment_attributes() %}
with configurations as (

    select * from {{ ref('dim_deployments') }}

),

sequence as (

    select
        *,
        {{ columns(['configuration_id'] + parts, 'lag({0}) over history as {0}_before') }}
    from configurations
    window history as (partition by deployment_id order by valid_from)

),

-- a new label, owner or name changes nothing that a unit could cost more by: the change before it goes on
followed as (

    select
        *,
        min(
            case when {{ columns(parts, '{0} is distinct from {0}_before', separator=' or ') }} then valid_from end
        ) over (
            partition by deployment_id order by valid_from rows between 1 following and unbounded following
        ) as next_changed_on
    from sequence

)

select
    configuration_id as change_id,
    configuration_id_before,
    deployment_id,
    environment,
    workload,
    kind,
    model,
    case when kind = 'training' then 'training_token' else 'token' end as unit,
    case when release != release_before then release_before end as release_before,
    case when release != release_before then release end as release,
    {{ list_of_known(columns(
        levers,
        'case when {0} != {0}_before then '
        ~ struct_of({'lever': "'{0}'", 'value_before': '{0}_before', 'value': '{0}'}) ~ ' end'
    )) }} as levers,
    model != model_before or model_variant != model_variant_before as is_other_model,
    valid_from as changed_on,
    next_changed_on
from followed
where configuration_id_before is not null
