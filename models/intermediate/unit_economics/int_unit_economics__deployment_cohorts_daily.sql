with deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

cohort_dimensions as (

    select * from {{ ref('cohort_dimensions') }}

),

labels as (

    select
        deployment_id,
        date_day,
        {{ each_of("split(labels, ';')") }} as label
    from deployment_days

),

label_values as (

    select
        deployment_id,
        date_day,
        trim(split_part(label, '=', 1)) as label_key,
        max(trim(substr(label, instr(label, '=') + 1))) as label_value
    from labels
    where instr(label, '=') > 0
    group by deployment_id, date_day, label_key

)

select
    deployment_days.deployment_id,
    deployment_days.environment,
    deployment_days.workload,
    cohort_dimensions.cohort_dimension,
    case
        when cohort_dimensions.told_by = 'label' and deployment_days.configuration_id is null then '(unattributed)'
        when cohort_dimensions.told_by = 'label' then coalesce(label_values.label_value, '(none)')
        else
            case cohort_dimensions.cohort_dimension
                when 'all' then 'all'
                when 'deployment' then deployment_days.deployment_id
                {{ columns(deployment_attributes(), "when '{0}' then deployment_days.{0}", separator=' ') }}
            end
    end as cohort,
    deployment_days.date_day
from deployment_days
inner join cohort_dimensions on cohort_dimensions.told_by in ('deployment', 'label')
left join label_values
    on
        deployment_days.deployment_id = label_values.deployment_id
        and deployment_days.date_day = label_values.date_day
        and cohort_dimensions.cohort_dimension = label_values.label_key
