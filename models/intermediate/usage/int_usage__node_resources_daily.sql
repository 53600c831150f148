with integrals as (

    select * from {{ ref('int_usage__gauge_integrals_daily') }}

),

series as (

    select distinct
        series_id,
        cluster,
        node,
        nullif(lower(regexp_extract(labels['provider_id'], '[^/]+$', 0)), '') as resource_id
    from {{ ref('int_usage__series_deployments') }}
    where semantic = 'node_resource' and node is not null

),

nodes as (

    select * from {{ ref('int_usage__nodes_daily') }}

),

told as (

    select
        integrals.date_day,
        series.cluster,
        series.node,
        series.resource_id,
        cast(sum(integrals.held_value) as {{ wide_integer() }}) as part_value,
        cast(max(integrals.held_value) as {{ wide_integer() }}) as longest_value
    from integrals
    inner join series on integrals.series_id = series.series_id
    where integrals.held_value > 0 and series.resource_id is not null
    group by integrals.date_day, series.cluster, series.node, series.resource_id

),

-- a name that is several resources for more than a day together is two nodes of two clusters that nothing tells apart
days as (

    select
        date_day,
        cluster,
        node,
        sum(part_value) as whole_value,
        count(*) > 1
        and sum(longest_value) > (1 + {{ var('max_unknown_share') }}) * 86400000000 as is_ambiguous
    from told
    group by date_day, cluster, node

)

select
    nodes.date_day,
    nodes.cluster,
    nodes.node,
    case when not coalesce(days.is_ambiguous, false) then coalesce(told.resource_id, nodes.resource_id) end
        as resource_id,
    coalesce(days.is_ambiguous, false) as is_ambiguous,
    cast(coalesce(case when not days.is_ambiguous then told.part_value end, 1) as {{ wide_integer() }}) as part_value,
    cast(coalesce(case when not days.is_ambiguous then days.whole_value end, 1) as {{ wide_integer() }}) as whole_value
from nodes
left join days
    on nodes.date_day = days.date_day and nodes.cluster = days.cluster and nodes.node = days.node
left join told
    on
        nodes.date_day = told.date_day
        and nodes.cluster = told.cluster
        and nodes.node = told.node
        and not days.is_ambiguous
