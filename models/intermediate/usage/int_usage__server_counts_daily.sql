with target_counts as (

    select * from {{ ref('int_usage__target_counts_daily') }}

),

-- a frontend has counted what its workers count again
deduplicated as (

    select
        *,
        bool_or(scope = 'deployment') over (partition by date_day, deployment_id, semantic) as has_frontend
    from target_counts

)

-- a sum is unknown where one of its parts is
select
    date_day,
    deployment_id,
    role,
    semantic,
    cast(case when count(*) = count(units) then sum(units) end as bigint) as units
from deduplicated
where scope = 'deployment' or not has_frontend
group by date_day, deployment_id, role, semantic
