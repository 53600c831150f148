{%- set axis = var('mig_share_axis') -%}
{%- if execute and axis not in ('compute', 'memory', 'larger') -%}
    {{ exceptions.raise_compiler_error(
        "variable mig_share_axis: '" ~ axis ~ "' is no axis; use compute, memory or larger"
    ) }}
{%- endif -%}

with integrals as (

    select * from {{ ref('int_usage__counted_gauges_daily') }}

),

series as (

    select
        series_id,
        valid_from,
        valid_to,
        deployment_id,
        semantic,
        labels,
        unit_divisor,
        cluster,
        node,
        regexp_replace(labels['resource'], '_shared$', '') as resource,
        coalesce({{ ends_in("labels['resource']", "'_shared'") }}, false)
        or labels['vgpu'] is not null as is_time_sliced
    from {{ ref('int_usage__series_deployments') }}
    where semantic in ('accelerators_requested', 'accelerator_activity')

),

nodes as (

    select * from {{ ref('int_usage__nodes_daily') }}

),

deployments as (

    select * from {{ ref('deployments') }}

),

mig_profiles as (

    select
        *,
        split(product, ' ') as words,
        {% if axis == 'larger' -%}
        compute_slices * product_memory_slices >= memory_slices * product_compute_slices as is_by_compute
        {%- else -%}
        {{ axis == 'compute' }} as is_by_compute
        {%- endif %}
    from {{ ref('mig_profiles') }}

),

-- a slice says its profile in the resource's or in DCGM's name; where all slices of a node are alike, only labels or the seed do
described as (

    select
        integrals.date_day,
        series.series_id,
        {{ quotient('integrals.held_value', 'series.unit_divisor') }} as held_value,
        series.is_time_sliced,
        coalesce(series.labels['modelName'], nodes.product, deployments.accelerator) as product,
        case
            when series.semantic = 'accelerator_activity' then nullif(series.labels['GPU_I_PROFILE'], '')
            when {{ begins_with('series.resource', "'nvidia_com_mig_'") }}
                then replace(substr(series.resource, 16), '_', '.')
            when series.resource != 'nvidia_com_gpu' then null
            when nodes.has_product_label then nodes.mig_profile
            else nullif(deployments.mig_profile, 'none')
        end as profile_name,
        case
            when series.semantic = 'accelerators_requested' then series.resource
            when series.labels['GPU_I_PROFILE'] != '' and nodes.mig_profile is null
                then 'nvidia_com_mig_' || {{ replace_every("series.labels['GPU_I_PROFILE']", '[^a-z0-9]', '_') }}
            else 'nvidia_com_gpu'
        end as resource,
        nodes.node_labels
    from integrals
    inner join series
        on integrals.series_id = series.series_id and {{ in_effect('series', 'integrals.date_day') }}
    left join nodes
        on
            integrals.date_day = nodes.date_day
            and series.cluster = nodes.cluster
            and series.node = nodes.node
    left join deployments
        on
            series.deployment_id = deployments.deployment_id
            and {{ in_effect('deployments', 'integrals.date_day') }}

),

normalised as (

    select
        date_day,
        series_id,
        held_value,
        product,
        regexp_replace(profile_name, '[+.-](me|gfx|me\.all)$', '') as profile,
        split({{ replace_every('lower(product)', '[^a-z0-9]+', ' ') }}, ' ') as product_words,
        -- a node without the label does not share; a request for a time-slice says that it does
        coalesce(
            nullif(try_cast(node_labels['label_' || resource || '_replicas'] as integer), 0),
            case when not is_time_sliced then 1 end
        ) as replicas
    from described

),

shares as (

    select
        normalised.*,
        case
            when normalised.profile is null then 1
            when mig_profiles.is_by_compute then mig_profiles.compute_slices
            else mig_profiles.memory_slices
        end as slices,
        case
            when normalised.profile is null then 1
            when mig_profiles.is_by_compute then mig_profiles.product_compute_slices
            else mig_profiles.product_memory_slices
        end * normalised.replicas as slices_of_accelerator,
        case
            when normalised.profile is not null and normalised.product is null then 'product_unknown'
            when normalised.profile is not null and mig_profiles.profile is null then 'mig_profile_unknown'
            when normalised.replicas is null then 'replicas_unknown'
        end as null_reason
    from normalised
    left join mig_profiles
        on
            normalised.profile = mig_profiles.profile
            and {{ has_all('normalised.product_words', 'mig_profiles.words') }}
            and {{ in_effect('mig_profiles', 'normalised.date_day') }}

)

select
    date_day,
    series_id,
    product,
    profile,
    null_reason,
    case when null_reason is null then cast(slices as integer) end as slices,
    case when null_reason is null then cast(slices_of_accelerator as integer) end as slices_of_accelerator,
    case
        when null_reason is null
            then cast({{ quotient('(held_value * slices)', 'slices_of_accelerator') }} as {{ wide_integer() }})
    end as held_value
from shares
