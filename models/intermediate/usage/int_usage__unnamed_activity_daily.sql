with integrals as (

    select * from {{ ref('int_usage__accelerator_integrals_daily') }}

),

series as (

    select * from {{ ref('int_usage__series_deployments') }}
    where semantic = 'accelerator_activity' and pod is null and node is not null

),

nodes as (

    select * from {{ ref('int_usage__node_resources_daily') }}

),

pods as (

    select
        date_day,
        resource_id,
        sum(busy_value) as busy_value,
        sum(greatest(reserved_value, busy_value)) as held_value,
        bool_or(is_sliced) as is_sliced
    from {{ ref('int_usage__pod_accelerators_daily') }}
    group by date_day, resource_id

),

unnamed as (

    select
        integrals.date_day,
        coalesce(nodes.resource_id, lower(series.node)) as resource_id,
        array_sort(array_agg(distinct series.series_id)) as series_ids,
        sum({{ quotient(
            'integrals.held_value * coalesce(nodes.part_value, 1)', 'coalesce(nodes.whole_value, 1)'
        ) }}) as busy_value
    from integrals
    inner join series
        on integrals.series_id = series.series_id and {{ in_effect('series', 'integrals.date_day') }}
    left join nodes
        on
            integrals.date_day = nodes.date_day
            and series.cluster = nodes.cluster
            and series.node = nodes.node
    where integrals.held_value > 0
    group by integrals.date_day, coalesce(nodes.resource_id, lower(series.node))

),

-- what known pods hold may be what is busy without a name; of a shared device they hold less than what they keep busy
beyond as (

    select
        unnamed.date_day,
        unnamed.resource_id,
        unnamed.series_ids,
        case
            when coalesce(pods.is_sliced, false) then 0
            else unnamed.busy_value + coalesce(pods.busy_value, 0) - coalesce(pods.held_value, 0)
        end as unnamed_value
    from unnamed
    left join pods on unnamed.date_day = pods.date_day and unnamed.resource_id = pods.resource_id

)

-- from thousandths of an accelerator and milliseconds to seconds
select
    date_day,
    resource_id,
    series_ids,
    cast({{ quotient('unnamed_value', '1000000') }} as bigint) as unnamed_seconds
from beyond
where unnamed_value >= 1000000
