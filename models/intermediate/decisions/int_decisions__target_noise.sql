{% set window_days, lags = 28, 4 %}
with target_periods as (

    select
        target_id,
        period_start,
        last_settled_date,
        valid_from
    from {{ ref('int_decisions__target_periods') }}

),

target_days as (

    select * from {{ ref('int_decisions__target_days') }}

),

-- the last settled days up to the period's last: how much cost and units run apart from day to day.
window_days as (

    select
        target_periods.target_id,
        target_periods.period_start,
        target_days.units,
        target_days.effective_cost,
        target_days.date_day,
        row_number() over (
            partition by target_periods.target_id, target_periods.period_start order by target_days.date_day desc
        ) as days_back
    from target_periods
    inner join target_days
        on
            target_periods.target_id = target_days.target_id
            and target_periods.valid_from = target_days.valid_from
            and target_periods.last_settled_date >= target_days.date_day

),

-- a day's share of the window's cost less its share of the units: 0 each day if the cost per unit never moved.
gaps as (

    select
        target_id,
        period_start,
        cast(effective_cost as double) / cast(sum(effective_cost) over by_period as double)
        - cast(units as double) / cast(sum(units) over by_period as double) as gap,
        date_day
    from window_days
    where days_back <= {{ window_days }}
    window by_period as (partition by target_id, period_start)

),

-- the shape of the week is no noise; floats are summed in an order, so that each build gives the same last digits
residuals as (

    select
        target_id,
        period_start,
        gap - avg(gap) over (
            partition by target_id, period_start, {{ weekday_of('date_day') }}
            order by date_day rows between unbounded preceding and unbounded following
        ) as residual,
        date_day
    from gaps

),

products as (

    {% for lag in range(lags + 1) %}
    select
        residuals.target_id,
        residuals.period_start,
        residuals.date_day,
        {{ lag }} as lag,
        {{ 1 if lag == 0 else 2 * (1 - lag / (lags + 1)) }} * residuals.residual * earlier.residual as product
    from residuals
    inner join residuals as earlier
        on
            residuals.target_id = earlier.target_id
            and residuals.period_start = earlier.period_start
            and residuals.date_day = earlier.date_day + {{ lag }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

variances as (

    select
        target_id,
        period_start,
        {{ sum_in_order('product', 'date_day, lag') }} as variance
    from products
    group by target_id, period_start

),

window_sizes as (

    select
        target_id,
        period_start,
        count(*) as noise_days
    from residuals
    group by target_id, period_start

)

-- eight figures are fitted: seven weekdays and the window's cost per unit.
select
    window_sizes.target_id,
    window_sizes.period_start,
    window_sizes.noise_days,
    case
        when window_sizes.noise_days = {{ window_days }}
            then sqrt(greatest(variances.variance, 0) * {{ window_days }} / ({{ window_days }} - 8) * {{ window_days }})
    end as relative_daily_error
from window_sizes
inner join variances
    on window_sizes.target_id = variances.target_id and window_sizes.period_start = variances.period_start
