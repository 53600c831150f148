with role_seconds as (

    select * from {{ ref('int_allocation__role_seconds_daily') }}

),

server_counts as (

    select * from {{ ref('int_usage__server_counts_daily') }}
    where semantic in ('prefill_execution_seconds', 'decode_execution_seconds', 'mixed_execution_seconds')

)

select
    date_day,
    deployment_id,
    'role_pools' as method,
    coalesce(sum(accelerator_seconds) filter (where role = 'prefill'), 0) as prefill_seconds,
    coalesce(sum(accelerator_seconds) filter (where role = 'decode'), 0) as decode_seconds,
    0 as mixed_seconds
from role_seconds
group by date_day, deployment_id
-- one role alone is half of a deployment
having count(distinct role) = 2
union all
select
    date_day,
    deployment_id,
    'engine_time' as method,
    coalesce(sum(units) filter (where semantic = 'prefill_execution_seconds'), 0) as prefill_seconds,
    coalesce(sum(units) filter (where semantic = 'decode_execution_seconds'), 0) as decode_seconds,
    coalesce(sum(units) filter (where semantic = 'mixed_execution_seconds'), 0) as mixed_seconds
from server_counts
group by date_day, deployment_id
