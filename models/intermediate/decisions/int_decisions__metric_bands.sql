with daily as (
    select
        environment,
        workload,
        unit,
        units,
        effective_cost,
        cost_per_unit,
        period_start as usage_date
    from {{ ref('fct_unit_economics_daily') }}
    where cohort_dimension = 'all' and is_complete
),

summed_units as (
    select unit
    from {{ ref('units') }}
    where counting = 'sum'
),

metrics as (
    {% for metric in ['units', 'effective_cost', 'cost_per_unit'] %}
    select
        daily.environment,
        daily.workload,
        daily.unit,
        '{{ metric }}' as metric,
        cast(daily.{{ metric }} as {{ money_type() }}) as metric_value,
        daily.usage_date
    from daily
    inner join summed_units on daily.unit = summed_units.unit
    where daily.{{ metric }} is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- The same weekday of the four weeks before: the middle one of them is the day's measure.
measured as (
    select
        *,
        median(metric_value) over same_weekday as usual_value,
        count(*) over same_weekday as usual_days
    from metrics
    window same_weekday as (
        partition by environment, workload, unit, metric, isodow(usage_date)
        order by usage_date
        range between interval 28 days preceding and interval 1 day preceding
    )
),

deviations as (
    select
        *,
        case when usual_days >= 3 and usual_value > 0 then metric_value / usual_value - 1 end as deviation
    from measured
),

-- What is usual of late: a trend moves the centre, and a restless series has a wide band.
recent as (
    select
        *,
        median(deviation) over last_weeks as centre,
        1.4826 * mad(deviation) over last_weeks as spread,
        count(deviation) over last_weeks as recent_days
    from deviations
    window last_weeks as (
        partition by environment, workload, unit, metric
        order by usage_date
        range between interval 28 days preceding and interval 1 day preceding
    )
)

select
    environment,
    workload,
    unit,
    metric,
    metric_value,
    cast(usual_value * (1 + centre) as {{ money_type() }}) as expected_value,
    deviation - centre as deviation,
    greatest({{ var('anomaly_spreads') }} * spread, {{ var('anomaly_minimum_deviation') }}) as band,
    usage_date
from recent
where deviation is not null and recent_days >= 14
