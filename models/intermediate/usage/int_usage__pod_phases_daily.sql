with integrals as (

    select * from {{ ref('int_usage__gauge_integrals_daily') }}

),

series as (

    select * from {{ ref('int_usage__series_deployments') }}
    where semantic in ('pod_phase_active', 'pod_phase_ended') and pod is not null

)

select
    integrals.date_day,
    series.cluster,
    series.namespace,
    series.pod,
    cast(
        coalesce(sum(integrals.held_value) filter (where series.semantic = 'pod_phase_active'), 0)
        as {{ wide_integer() }}
    ) as active_value,
    cast(sum(integrals.held_value) as {{ wide_integer() }}) as known_value
from integrals
inner join series on integrals.series_id = series.series_id and {{ in_effect('series', 'integrals.date_day') }}
group by integrals.date_day, series.cluster, series.namespace, series.pod
having sum(integrals.held_value) > 0
