with finding_period as (

    select * from {{ ref('int_decisions__finding_period') }}

),

anomalies as (

    select * from {{ ref('fct_anomalies') }}

),

bands as (

    select bands.*
    from {{ ref('int_decisions__metric_bands') }} as bands
    inner join {{ ref('units') }} as units on bands.unit = units.unit
    where bands.metric = 'effective_cost' and units.cost_scope != 'token_kind'

),

-- what happens to a workload is one thing, in however many units and metrics it shows
events as (

    select
        anomalies.environment,
        anomalies.workload,
        anomalies.event_started_on,
        max(anomalies.date_day) as last_day,
        {{ columns(
            ['metric', 'unit', 'metric_value', 'expected_value', 'main_driver', 'main_deployment_id'],
            'max(anomalies.{0}) filter (where anomalies.is_alarm) as {0}'
        ) }},
        max(anomalies.date_day) filter (where anomalies.is_alarm) as alarm_day
    from anomalies
    inner join finding_period on finding_period.bill_until - 30 <= anomalies.date_day
    group by anomalies.environment, anomalies.workload, anomalies.event_started_on

),

-- all units that carry a workload's whole cost say the same money: the one that knows most days speaks for it.
costs as (

    select
        events.environment,
        events.workload,
        events.event_started_on,
        sum(bands.metric_value - bands.expected_value) as excess,
        row_number() over (
            partition by events.environment, events.workload, events.event_started_on order by count(*) desc, bands.unit
        ) as rank
    from events
    inner join bands
        on
            events.environment = bands.environment
            and events.workload = bands.workload
            and events.event_started_on <= bands.date_day
            and events.last_day >= bands.date_day
    group by events.environment, events.workload, events.event_started_on, bands.unit

)

select
    'anomaly' as finding_kind,
    events.environment || ':' || events.workload || '@'
    || {{ date_text('events.event_started_on', '%Y-%m-%d') }} as thing,
    events.environment,
    events.workload,
    case events.metric
        when 'units' then replace(events.unit, '_', ' ') || 's of ' || events.workload
        when 'effective_cost' then 'the cost of ' || events.workload
        else 'the cost per ' || replace(events.unit, '_', ' ') || ' of ' || events.workload
    end as subject,
    {{ percent_text(
        'abs(cast(events.metric_value as double) / nullif(cast(events.expected_value as double), 0) - 1)'
    ) }}
    || case when events.metric_value > events.expected_value then ' above' else ' below' end as measure,
    coalesce(replace(events.main_driver, '_', ' '), 'unknown')
    || coalesce(' of ' || events.main_deployment_id, '') as compared_with,
    {{ date_text('events.alarm_day', '%A %Y-%m-%d') }} as moment,
    {{ map_of({
        'environment': 'events.environment',
        'workload': 'events.workload',
        'event_started_on': date_text('events.event_started_on', '%Y-%m-%d')
    }) }} as evidence,
    cast(costs.excess as {{ money_type() }}) as amount_per_month,
    cast(null as {{ money_type() }}) as amount_per_month_low,
    cast(null as {{ money_type() }}) as amount_per_month_high,
    events.event_started_on as period_start,
    events.last_day + 1 as period_end
from events
left join costs
    on
        events.environment = costs.environment
        and events.workload = costs.workload
        and events.event_started_on = costs.event_started_on
        and costs.rank = 1
where events.metric is not null
