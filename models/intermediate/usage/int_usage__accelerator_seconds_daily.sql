with pods as (

    select
        date_day,
        coalesce(deployment_id, '(unattributed)') as deployment_id,
        resource_id,
        is_sliced,
        reserved_value,
        busy_value,
        greatest(reserved_value, busy_value) as charged_value
    from {{ ref('int_usage__pod_accelerators_daily') }}

),

-- from thousandths of an accelerator and milliseconds to seconds, rounded once; slices down, or seven sevenths would be more than one
rounded as (

    select
        date_day,
        deployment_id,
        resource_id,
        sum(reserved_value) as reserved_value,
        sum(busy_value) as busy_value,
        sum(charged_value) as charged_value,
        case when bool_or(is_sliced) then 500 else 500000 end as rounding
    from pods
    group by date_day, deployment_id, resource_id

)

select
    date_day,
    deployment_id,
    resource_id,
    cast({{ quotient('(reserved_value + rounding)', '1000000') }} as bigint) as reserved_accelerator_seconds,
    cast({{ quotient('(busy_value + rounding)', '1000000') }} as bigint) as busy_accelerator_seconds,
    cast({{ quotient('(charged_value + rounding)', '1000000') }} as bigint) as accelerator_seconds
from rounded
