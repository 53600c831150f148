with held_intervals as (

    select * from {{ ref('int_usage__held_intervals') }}
    where deployment_id is not null

),

targets as (

    select distinct
        deployment_id,
        target_id
    from {{ ref('int_usage__target_stretches') }}

),

-- deployments whose pods count for themselves; of others a frontend may, which holds no accelerator
self_counting as (

    select distinct held_intervals.deployment_id
    from held_intervals
    inner join targets
        on held_intervals.deployment_id = targets.deployment_id and held_intervals.target_id = targets.target_id

),

never_seen as (

    select distinct
        held_intervals.deployment_id,
        held_intervals.target_id
    from held_intervals
    inner join self_counting on held_intervals.deployment_id = self_counting.deployment_id
    anti join targets
        on held_intervals.deployment_id = targets.deployment_id and held_intervals.target_id = targets.target_id
    where held_intervals.role != 'worker'

),

-- one server on several nodes is counted by its leader, whose name the others have with a number
workers as (

    select distinct
        never_seen.deployment_id,
        never_seen.target_id
    from never_seen
    inner join targets
        on
            never_seen.deployment_id = targets.deployment_id
            and {{ begins_with('never_seen.target_id', "targets.target_id || '-'") }}
            and {{ matches_all('substr(never_seen.target_id, length(targets.target_id) + 2)', "'[0-9]+'") }}

)

select
    held_intervals.deployment_id,
    held_intervals.target_id,
    held_intervals.starts_at,
    held_intervals.ends_at
from held_intervals
inner join never_seen
    on held_intervals.deployment_id = never_seen.deployment_id and held_intervals.target_id = never_seen.target_id
anti join workers
    on held_intervals.deployment_id = workers.deployment_id and held_intervals.target_id = workers.target_id
where held_intervals.ends_at - held_intervals.starts_at > interval '{{ var('restart_max_gap_seconds') }} seconds'
