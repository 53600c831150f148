{% set spreads, least = var('anomaly_spreads'), var('anomaly_minimum_deviation') %}
-- units of which a meter is missing are those of the others: fewer, and not because less was used
with daily as (

    select
        environment,
        workload,
        unit,
        case when null_reason is null or null_reason in ('no_units', 'no_cost') then units end as units,
        effective_cost,
        cost_per_unit,
        period_start as date_day
    from {{ ref('int_books__unit_economics') }}
    where grain = 'day' and cohort_dimension = 'all' and is_complete

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
        daily.date_day
    from daily
    inner join summed_units on daily.unit = summed_units.unit
    where daily.{{ metric }} is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

-- the same weekday of the eight weeks before: the middle one of them is the day's measure.
measured as (

    select
        *,
        median(metric_value) over same_weekday as usual_value,
        median(metric_value) over last_three as latest_value,
        count(*) over same_weekday as usual_days
    from metrics
    window
        same_weekday as (
            partition by environment, workload, unit, metric, isodow(date_day)
            order by date_day
            range between interval 56 days preceding and interval 1 day preceding
        ),
        last_three as (
            partition by environment, workload, unit, metric, isodow(date_day)
            order by date_day
            range between interval 21 days preceding and interval 1 day preceding
        )

),

-- in logarithms, in which twice and half are as far; a thousandth is as far as anything gets
deviations as (

    select
        *,
        case
            when usual_days >= 3 and usual_value > 0 then ln(greatest(metric_value / usual_value, 0.001))
        end as deviation,
        case when latest_value > 0 then ln(greatest(metric_value / latest_value, 0.001)) end as latest_deviation
    from measured

),

-- a trend moves the centre, and a restless series has a wide band
recent as (

    select
        *,
        median(deviation) over (
            partition by environment, workload, unit, metric
            order by date_day
            range between interval 28 days preceding and interval 1 day preceding
        ) as centre,
        quantile_cont(deviation, 0.9) over last_weeks - quantile_cont(deviation, 0.1) over last_weeks as inner_range,
        quantile_cont(deviation, 0.975) over last_weeks - quantile_cont(deviation, 0.025) over last_weeks
            as outer_range,
        count(deviation) over last_weeks as recent_days
    from deviations
    window last_weeks as (
        partition by environment, workload, unit, metric
        order by date_day
        range between interval 56 days preceding and interval 1 day preceding
    )

),

-- four fifths of normal days lie within 2.563 spreads, 95 of 100 within 3.92; heavy tails reach further out. By a
-- quarter at most, so that the first days of a new level do not hide the next ones.
spreads as (

    select
        *,
        least(greatest(inner_range / 2.563, outer_range / 3.92), 1.25 * inner_range / 2.563) as spread
    from recent

),

-- the spread of few days is uncertain: Student's t is further out than the normal, with .65 degrees of freedom a day.
-- A day like its last three is within the band: the middle one may have moved to their level, of which the centre still tells
-- how far it was from the one before.
bands as (

    select
        *,
        case
            when abs(latest_deviation) <= ln(1 + {{ least }})
                then greatest(least(deviation - centre, ln(1 + {{ least }})), -ln(1 + {{ least }}))
            else deviation - centre
        end as distance,
        greatest(
            {{ spreads }} * spread * (1 + ({{ spreads }} * {{ spreads }} + 1) / (4 * 0.65 * recent_days)),
            ln(1 + {{ least }})
        ) as width
    from spreads
    where deviation is not null and recent_days >= 14

)

select
    environment,
    workload,
    unit,
    metric,
    metric_value,
    cast(
        case when distance = deviation - centre then usual_value * exp(centre) else metric_value / exp(distance) end
        as {{ money_type() }}
    ) as expected_value,
    round(exp(distance) - 1, 9) as deviation,
    round(case when distance > 0 then exp(width) - 1 else 1 - exp(-width) end, 9) as band,
    date_day
from bands
