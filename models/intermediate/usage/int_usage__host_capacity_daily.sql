with integrals as (

    select * from {{ ref('int_usage__counted_gauges_daily') }}

),

series as (

    select distinct
        series_id,
        regexp_extract(semantic, '^(.*)_capacity$', 1) as resource_kind,
        unit_divisor,
        cluster,
        node
    from {{ ref('int_usage__series_deployments') }}
    where semantic in ('cpu_capacity', 'memory_capacity', 'storage_capacity')

),

nodes as (

    select * from {{ ref('int_usage__node_resources_daily') }}

),

capacities as (

    select
        integrals.date_day,
        series.cluster,
        series.node,
        series.resource_kind,
        cast(sum({{ quotient('integrals.held_value', 'series.unit_divisor') }}) as {{ wide_integer() }}) as held_value
    from integrals
    inner join series on integrals.series_id = series.series_id
    group by integrals.date_day, series.cluster, series.node, series.resource_kind

),

placed as (

    select
        capacities.date_day,
        coalesce(nodes.resource_id, lower(capacities.node), '(unknown)') as resource_id,
        capacities.resource_kind,
        {{ quotient('capacities.held_value * coalesce(nodes.part_value, 1)', 'coalesce(nodes.whole_value, 1)') }}
            as held_value
    from capacities
    left join nodes
        on
            capacities.date_day = nodes.date_day
            and capacities.cluster = nodes.cluster
            and capacities.node = nodes.node

)

-- from thousandths and milliseconds to seconds
select
    date_day,
    resource_id,
    resource_kind,
    cast({{ quotient('(sum(held_value) + 999999)', '1000000') }} as bigint) as capacity_seconds
from placed
group by date_day, resource_id, resource_kind
