with pods as (

    select date_day, deployment_id, role, reserved_value
    from {{ ref('int_usage__pod_accelerators_daily') }}
    where role in ('prefill', 'decode') and deployment_id is not null

)

-- from thousandths of an accelerator and milliseconds to seconds, rounded once
select
    date_day,
    deployment_id,
    role,
    cast({{ quotient('(sum(reserved_value) + 500000)', '1000000') }} as bigint) as accelerator_seconds
from pods
group by date_day, deployment_id, role
having sum(reserved_value) >= 500000
