with integrals as (

    select * from {{ ref('int_usage__gauge_integrals_daily') }}

),

series as (

    select
        series_id,
        semantic,
        cluster,
        node,
        any_value(labels) as labels
    from {{ ref('int_usage__series_deployments') }}
    where node is not null and metric_type = 'gauge'
    group by series_id, semantic, cluster, node

),

-- labels change when an accelerator is cut anew: those that held longest are the day's
nodes as (

    select
        integrals.date_day,
        series.cluster,
        series.node,
        nullif(lower(max(regexp_extract(series.labels['provider_id'], '[^/]+$', 0)) filter (
            where series.semantic = 'node_resource'
        )), '') as resource_id,
        max_by(
            series.labels, {{ struct_of({'held_value': 'integrals.held_value', 'series_id': 'series.series_id'}) }}
        ) filter (
            where series.semantic = 'node_labels'
        ) as node_labels,
        min(series.labels['modelName']) as first_model,
        max(series.labels['modelName']) as last_model
    from integrals
    inner join series on integrals.series_id = series.series_id
    group by integrals.date_day, series.cluster, series.node

),

-- a node stays what it is on a day on which an exporter forgot to say it
carried as (

    select
        date_day,
        cluster,
        node,
        first_model,
        last_model,
        coalesce(
            {{ known_value('last', 'resource_id') }} over earlier, {{ known_value('first', 'resource_id') }} over later
        ) as resource_id,
        coalesce(
            {{ known_value('last', 'node_labels') }} over earlier, {{ known_value('first', 'node_labels') }} over later
        ) as node_labels
    from nodes
    window
        earlier as (
            partition by cluster, node order by date_day rows between unbounded preceding and current row
        ),
        later as (
            partition by cluster, node order by date_day rows between current row and unbounded following
        )

),

labelled as (

    select
        *,
        node_labels['label_nvidia_com_gpu_product'] as product_label
    from carried

)

select
    date_day,
    cluster,
    node,
    resource_id,
    coalesce(
        regexp_extract(product_label, '^(.*?)(-MIG-.*|-SHARED)?$', 1),
        case when first_model = last_model then first_model end
    ) as product,
    nullif(regexp_extract(product_label, '-MIG-([^-]+)', 1), '') as mig_profile,
    product_label is not null as has_product_label,
    node_labels
from labelled
