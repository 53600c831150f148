with series as (

    select distinct
        series_id,
        cluster,
        node,
        scrape_group,
        {{ ends_in('semantic', "'_requested'") }} as is_request,
        {{ ends_in('semantic', "'_requested'") }} or semantic = 'node_resource' as is_told
    from {{ ref('int_usage__series_deployments') }}
    where {{ ends_in('semantic', "'_requested'") }} or semantic in ('node_resource', 'accelerator_activity')

),

seen_intervals as (

    select * from {{ ref('int_usage__seen_intervals') }}

),

nodes as (

    select * from {{ ref('int_usage__node_resources_daily') }}

),

-- nodes that are held under a name that nobody knows: what is requested of them tells nothing
unknown_nodes as (

    select
        date_day,
        cluster,
        node,
        bool_or(is_claimed) as is_claimed
    from {{ ref('int_usage__unknown_resources_daily') }}
    where not is_node_known
    group by date_day, cluster, node

),

seen as (

    select
        series.*,
        seen_intervals.starts_at,
        seen_intervals.ends_at
    from seen_intervals
    inner join series on seen_intervals.series_id = series.series_id

),

-- on a day on which it tells of no pod at all, an exporter may have lost the metric: nobody knows who held what
telling_days as (

    select distinct
        scrape_group,
        {{ each_day_of('starts_at', 'ends_at') }} as day_starts_at
    from seen
    where is_request

),

-- a node of the cluster's exporter is watched by that exporter alone: what a device is busy with is less than what is held
told_nodes as (

    select
        seen.cluster,
        seen.node,
        bool_or(unknown_nodes.node is not null) as is_ever_unknown
    from seen
    left join unknown_nodes on seen.cluster = unknown_nodes.cluster and seen.node = unknown_nodes.node
    where seen.is_told
    group by seen.cluster, seen.node

),

-- a node that boots or goes is no blind spot
slackened as (

    select
        seen.cluster,
        seen.node,
        case when seen.is_told then seen.scrape_group end as telling_group,
        seen.starts_at - interval '{{ var('scrape_max_gap_seconds') }} seconds' as starts_at,
        seen.ends_at + interval '{{ var('scrape_max_gap_seconds') }} seconds' as ends_at
    from seen
    left join told_nodes on seen.cluster = told_nodes.cluster and seen.node = told_nodes.node
    where seen.node is not null and (seen.is_told or coalesce(told_nodes.is_ever_unknown, true))

),

stretches as (

    {{ merge_intervals('slackened', ['cluster', 'node', 'telling_group']) }}

),

days as (

    select
        *,
        {{ each_day_of('starts_at', 'ends_at') }} as day_starts_at
    from stretches

)

select
    nodes.date_day,
    coalesce(nodes.resource_id, lower(nodes.node)) as resource_id,
    cast(
        least({{ quotient(
            'sum(' ~ quotient(
                microseconds_of_day('days.starts_at', 'days.ends_at', 'days.day_starts_at') ~ ' * nodes.part_value',
                'nodes.whole_value'
            ) ~ ')',
            '1000000'
        ) }}, 86400)
        as bigint
    ) as watched_seconds
from days
inner join nodes
    on
        days.cluster = nodes.cluster
        and days.node = nodes.node
        and days.day_starts_at = nodes.date_day
left join telling_days
    on days.telling_group = telling_days.scrape_group and days.day_starts_at = telling_days.day_starts_at
left join told_nodes on days.cluster = told_nodes.cluster and days.node = told_nodes.node
left join unknown_nodes
    on
        days.cluster = unknown_nodes.cluster
        and days.node = unknown_nodes.node
        and days.day_starts_at = unknown_nodes.date_day
where
    case
        when unknown_nodes.is_claimed and told_nodes.node is not null then false
        when unknown_nodes.node is not null or told_nodes.node is null then days.telling_group is null
        else telling_days.scrape_group is not null
    end
group by nodes.date_day, coalesce(nodes.resource_id, lower(nodes.node))
