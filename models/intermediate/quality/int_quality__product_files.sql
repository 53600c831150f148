with activity as (

    select * from {{ ref('stg_product__activity') }}

),

workloads as (

    select distinct workload
    from {{ ref('deployments') }}
    where environment = {{ sql_text(var('target_environment')) }}

)

select
    activity.source_file,
    count(*) filter (where activity.active_at is null) as unreadable_rows,
    count(*) filter (where activity.active_at is not null and activity.workload is null) as rows_without_workload,
    count(*) filter (
        where activity.active_at is not null and activity.workload is not null and workloads.workload is null
    ) as rows_of_unknown_workloads,
    {{ texts_of_group(
        'case when activity.active_at is not null and workloads.workload is null then activity.workload end'
    ) }} as unknown_workloads,
    count(*) filter (
        where activity.active_at is not null and activity.user_id is null and activity.session_id is null
    ) as rows_without_id
from activity
left join workloads on activity.workload = workloads.workload
group by activity.source_file
