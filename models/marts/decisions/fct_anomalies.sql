with bands as (

    select * from {{ ref('int_decisions__metric_bands') }}

),

week_moves as (

    select * from {{ ref('int_decisions__week_moves') }}

),

-- days that follow each other outside the band, on the same side, are one run
outside as (

    select
        *,
        date_day - cast(row_number() over (
            partition by environment, workload, unit, metric, deviation > 0 order by date_day
        ) as integer) as run
    from bands
    where abs(deviation) > band

),

-- what happens to a workload is one event, in whatever metrics and units it shows; two quiet days end it
event_days as (

    select
        environment,
        workload,
        date_day,
        coalesce(
            {{ days_between(
                'lag(date_day) over (partition by environment, workload order by date_day)', 'date_day'
            ) }} > 2,
            true
        ) as is_first_day
    from outside
    group by environment, workload, date_day

),

events as (

    select
        environment,
        workload,
        date_day,
        max(case when is_first_day then date_day end) over (
            partition by environment, workload
            order by date_day
            rows between unbounded preceding and current row
        ) as event_started_on
    from event_days

)

select
    outside.date_day,
    min(outside.date_day) over (
        partition by
            outside.environment, outside.workload, outside.unit, outside.metric, outside.deviation > 0, outside.run
    ) as started_on,
    events.event_started_on,
    outside.environment,
    outside.workload,
    outside.unit,
    outside.metric,
    case when outside.deviation > 0 then 'above' else 'below' end as side,
    outside.metric_value,
    outside.expected_value,
    outside.deviation,
    outside.band,
    case
        when outside.metric = 'units' then 'volume'
        when
            outside.metric = 'effective_cost'
            and abs(week_moves.volume_cost_change) >= abs(week_moves.cost_change - week_moves.volume_cost_change)
            then 'volume'
        else week_moves.main_driver
    end as main_driver,
    case when outside.metric = 'units' then week_moves.units_deployment_id else week_moves.cost_deployment_id end
        as main_deployment_id,
    row_number() over (
        partition by events.environment, events.workload, events.event_started_on
        order by outside.date_day, abs(outside.deviation) / outside.band desc, outside.metric, outside.unit
    ) = 1 as is_alarm,
    '{{ var('reporting_currency') }}' as currency
from outside
inner join events
    on
        outside.environment = events.environment
        and outside.workload = events.workload
        and outside.date_day = events.date_day
left join week_moves
    on
        outside.environment = week_moves.environment
        and outside.workload = week_moves.workload
        and outside.unit = week_moves.unit
        and outside.date_day = week_moves.date_day
