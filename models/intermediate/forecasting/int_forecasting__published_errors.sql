with published as (

    select * from {{ ref('int_forecasting__published_forecasts') }}

),

outlooks as (

    select
        environment,
        workload,
        unit,
        as_of_date as known_until
    from {{ ref('int_forecasting__outlooks') }}

),

series_daily as (

    select * from {{ ref('int_forecasting__series_daily') }}

),

-- a period is held against the forecast when all of its days are known
compared as (

    select
        published.*,
        count(*) as days,
        count(series_daily.units) as days_of_usage,
        count(series_daily.effective_cost) as days_of_cost,
        sum(series_daily.units) as actual_units,
        sum(series_daily.effective_cost) as actual_cost
    from published
    inner join outlooks
        on
            published.environment = outlooks.environment
            and published.workload = outlooks.workload
            and published.unit = outlooks.unit
            and published.period_end <= outlooks.known_until
    inner join series_daily
        on
            published.environment = series_daily.environment
            and published.workload = series_daily.workload
            and published.unit = series_daily.unit
            and published.period_start <= series_daily.date_day
            and published.period_end > series_daily.date_day
    group by all

),

known as (

    select *
    from compared
    where
        days = {{ days_between('period_start', 'period_end') }}
        and days_of_usage = days
        and days_of_cost = days

),

measured as (

    {% for measure, figure, actual in [
        ('usage', 'units', 'actual_units'),
        ('cost', 'effective_cost', 'actual_cost'),
        ('cost_per_unit', 'cost_per_unit', none),
    ] -%}
    select
        as_of_date,
        environment,
        workload,
        unit,
        grain,
        '{{ measure }}' as measure,
        cast(floor({{ days_between('as_of_date', 'period_start') }} / 7) + 1 as integer) as weeks_ahead,
        {{ figure }} as forecast,
        {% if actual -%}
        cast({{ actual }} as {{ money_type() }}) as actual,
        {%- else -%}
        {{ cost_per_unit('actual_cost', 'actual_units', 1) }} as actual,
        {%- endif %}
        {{ figure }}_low_80 as low_80,
        {{ figure }}_high_80 as high_80,
        {{ figure }}_low_95 as low_95,
        {{ figure }}_high_95 as high_95,
        {{ measure }}_naive_error as naive_error,
        -- that nothing comes on a day off is no credit to intervals
        coalesce({{ figure }}_high_95 = 0 and {{ actual or 'null' }} = 0, false) as is_off
    from known
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    environment,
    workload,
    unit,
    grain,
    measure,
    weeks_ahead,
    count(*) as points,
    count(naive_error) as scaled_points,
    count(low_80) filter (where not is_off) as interval_points,
    count(*) filter (where actual between low_80 and high_80 and not is_off) as inside_80,
    count(*) filter (where actual between low_95 and high_95 and not is_off) as inside_95,
    cast(sum(abs(forecast - actual)) as double) as absolute_error,
    cast(sum(forecast - actual) as double) as error,
    cast(sum(actual) as double) as actual,
    sum(abs(forecast - actual) / naive_error) as scaled_error
from measured
where forecast is not null and actual is not null
group by environment, workload, unit, grain, measure, weeks_ahead
