with integrals as (

    select * from {{ ref('int_usage__gauge_integrals_daily') }}

),

series as (

    select
        series_id,
        semantic,
        labels,
        coalesce(labels['node'], labels['Hostname'], labels['hostname']) as node
    from {{ ref('int_usage__series_deployments') }}
    where semantic in ('node_resource', 'node_labels', 'accelerator_activity')

),

-- labels change when an accelerator is cut anew: those that held longest are the day's
nodes as (

    select
        integrals.usage_date,
        series.node,
        max(regexp_extract(series.labels['provider_id'], '[^/]+$')) filter (
            where series.semantic = 'node_resource'
        ) as provider_id,
        max_by(series.labels, { held_value: integrals.held_value, series_id: series.series_id }) filter (
            where series.semantic = 'node_labels'
        ) as node_labels,
        min(series.labels['modelName']) as first_model,
        max(series.labels['modelName']) as last_model
    from integrals
    inner join series on integrals.series_id = series.series_id
    where series.node is not null
    group by integrals.usage_date, series.node

),

named as (

    select
        *,
        node_labels['label_nvidia_com_gpu_product'] as product_label
    from nodes

)

select
    usage_date,
    node,
    nullif(lower(provider_id), '') as resource_id,
    coalesce(
        regexp_extract(product_label, '^(.*?)(-MIG-.*|-SHARED)?$', 1),
        case when first_model = last_model then first_model end
    ) as product,
    nullif(regexp_extract(product_label, '-MIG-([^-]+)', 1), '') as mig_profile,
    product_label is not null as has_product_label,
    node_labels
from named
