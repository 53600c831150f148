with series_deployments as (

    select * from {{ ref('int_usage__series_deployments') }}

),

broken_series as (

    select * from {{ ref('int_usage__broken_series_daily') }}

),

twin_series as (

    select * from {{ ref('int_usage__twin_series_daily') }}

),

repeating_targets as (

    select * from {{ ref('int_usage__repeating_targets_daily') }}

),

repeating_servers as (

    select * from {{ ref('int_usage__repeating_servers_daily') }}

),

server_meters as (

    select * from {{ ref('int_usage__server_meters_daily') }}
    where is_cached_impossible

),

unknown_resources as (

    select * from {{ ref('int_usage__unknown_resources_daily') }}

),

node_resources as (

    select * from {{ ref('int_usage__node_resources_daily') }}
    where is_ambiguous

),

unnamed_activity as (

    select
        date_day,
        {{ each_of('series_ids') }} as series_id
    from {{ ref('int_usage__unnamed_activity_daily') }}
    where unnamed_seconds > {{ var('max_unknown_share') }} * 86400

),

accelerator_integrals as (

    select * from {{ ref('int_usage__accelerator_integrals_daily') }}
    where null_reason is not null

)

select distinct
    series_id,
    'no_deployment' as issue,
    case
        when undeclared_value is null then 'no rule of series_rules matches; counted under (unattributed)'
        else 'series_rules names '
            || undeclared_value
            || ', which is no row of deployments; counted under (unattributed)'
    end as detail,
    cast(null as date) as date_day
from series_deployments
where deployment_id is null and metric_type = 'counter'

union all

select distinct
    series_id,
    'ambiguous_pod' as issue,
    'several clusters or namespaces have a pod of this name, and the series does not say whose it is; add the label'
        as detail,
    cast(null as date) as date_day
from series_deployments
where is_ambiguous

union all

select
    series_id,
    'meter_broken' as issue,
    'it falls, and did not restart: several processes answer in turn, samples are wrong, or it is a gauge: no count; '
    || 'turn on _created or scrape each by itself' as detail,
    date_day
from broken_series

union all

select
    series_id,
    'counted_twice' as issue,
    'another series is the same counter through another scrape; this one does not count' as detail,
    date_day
from twin_series

union all

select
    series_deployments.series_id,
    'counted_twice' as issue,
    'its process repeats what all others of '
    || series_deployments.deployment_id
    || ' count; it does not count' as detail,
    repeating_targets.date_day
from repeating_targets
inner join series_deployments
    on
        repeating_targets.deployment_id = series_deployments.deployment_id
        and repeating_targets.target_id = series_deployments.target_id
        and {{ in_effect('series_deployments', 'repeating_targets.date_day') }}
where series_deployments.metric_type = 'counter'

union all

select
    series_deployments.series_id,
    'counted_twice' as issue,
    'its process counts the same under the names of another server; this one does not count' as detail,
    repeating_servers.date_day
from repeating_servers
inner join series_deployments
    on
        repeating_servers.deployment_id = series_deployments.deployment_id
        and repeating_servers.target_id = series_deployments.target_id
        and repeating_servers.server = series_deployments.server
        and repeating_servers.semantic = series_deployments.semantic
        and {{ in_effect('series_deployments', 'repeating_servers.date_day') }}
where series_deployments.metric_type = 'counter'

union all

select
    series_deployments.series_id,
    'more_cached_than_prompt' as issue,
    'more tokens came from the cache than there were in prompts: cached and uncached input are unknown' as detail,
    server_meters.date_day
from server_meters
inner join series_deployments
    on
        server_meters.deployment_id = series_deployments.deployment_id
        and {{ in_effect('series_deployments', 'server_meters.date_day') }}
where series_deployments.semantic = 'cached_input_tokens'

union all

-- what part of an accelerator it is about, nobody said: it holds nothing, and its cost is idle
select
    series_id,
    'unknown_share' as issue,
    case null_reason
        when 'replicas_unknown'
            then 'a time-slice, and nothing says of how many; export the node label nvidia.com/gpu.replicas'
        when 'product_unknown'
            then 'MIG profile ' || profile || ' of no known product; export the node label nvidia.com/gpu.product'
        else 'no row of mig_profiles for ' || product || ' and ' || profile || '; add one'
    end as detail,
    date_day
from accelerator_integrals

union all

select distinct
    series_id,
    'unknown_resource' as issue,
    coalesce(
        'no row of metric_catalog knows ' || resource
        || ': it may be an accelerator, and then nobody knows who holds its node; '
        || 'add a row, accelerators_requested or other_resource',
        'its pod has devices by a ResourceClaim, which is no request: nobody knows how long it holds what of its node'
    ) as detail,
    date_day
from unknown_resources

union all

select
    series_id,
    'activity_without_pod' as issue,
    'its device was busy and nothing says for whom: that part of the node is unobserved; '
    || 'let the exporter name pods or jobs, or scrape kube-state-metrics' as detail,
    date_day
from unnamed_activity

union all

select distinct
    series_deployments.series_id,
    'ambiguous_node' as issue,
    'two nodes have this name at one time, and no label says of which cluster; add the label cluster' as detail,
    node_resources.date_day
from node_resources
inner join series_deployments
    on node_resources.cluster = series_deployments.cluster and node_resources.node = series_deployments.node
where series_deployments.semantic = 'node_resource'
