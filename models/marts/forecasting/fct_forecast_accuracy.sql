with outlooks as (

    select
        environment,
        workload,
        unit,
        {{ each_of('backtests') }} as backtest
    from {{ ref('int_forecasting__outlooks') }}

),

published as (

    select * from {{ ref('int_forecasting__published_errors') }}

),

units as (

    select
        unit,
        counting = 'distinct' as is_distinct
    from {{ ref('units') }}

),

errors as (

    select
        environment,
        workload,
        unit,
        backtest.evaluation,
        backtest.model,
        backtest.is_baseline,
        backtest.grain,
        backtest.measure,
        backtest.weeks_ahead,
        backtest.points,
        backtest.scaled_points,
        backtest.interval_points,
        backtest.inside_80,
        backtest.inside_95,
        backtest.absolute_error,
        backtest.error,
        backtest.actual,
        backtest.scaled_error
    from outlooks
    union all
    select
        environment,
        workload,
        unit,
        'published' as evaluation,
        'selected' as model,
        false as is_baseline,
        grain,
        measure,
        weeks_ahead,
        points,
        scaled_points,
        interval_points,
        inside_80,
        inside_95,
        absolute_error,
        error,
        actual,
        scaled_error
    from published

),

-- users and sessions of a week are not the sum of its days'
additive as (

    select errors.*
    from errors
    inner join units on errors.unit = units.unit
    where errors.grain = 'day' or errors.measure = 'cost' or not units.is_distinct

),

-- each error counts for its series and for all series, at its own horizon and at all of them
horizons as (

    select
        {{ all_but('weeks_ahead') }},
        concat(weeks_ahead * 7 - 6, '-', weeks_ahead * 7, ' days') as horizon
    from additive
    union all
    select
        {{ all_but('weeks_ahead') }},
        'all' as horizon
    from additive

),

scopes as (

    select
        {{ all_but('environment, workload, unit') }},
        false as is_overall,
        environment,
        workload,
        unit
    from horizons
    union all
    select
        {{ all_but('environment, workload, unit') }},
        true as is_overall,
        '(all)' as environment,
        '(all)' as workload,
        '(all)' as unit
    from horizons

),

summed as (

    select
        evaluation,
        grain,
        measure,
        environment,
        workload,
        unit,
        horizon,
        model,
        is_baseline,
        is_overall,
        sum(points) as points,
        sum(scaled_points) as scaled_points,
        sum(interval_points) as interval_points,
        sum(inside_80) as inside_80,
        sum(inside_95) as inside_95,
        sum(absolute_error) as absolute_error,
        sum(error) as error,
        sum(actual) as actual,
        sum(scaled_error) as scaled_error
    from scopes
    group by all

)

select
    evaluation,
    grain,
    measure,
    environment,
    workload,
    unit,
    horizon,
    model,
    is_baseline,
    cast(points as bigint) as points,
    scaled_error / nullif(scaled_points, 0) as mase,
    case when not is_overall then absolute_error / nullif(abs(actual), 0) end as wape,
    case when not is_overall then error / nullif(abs(actual), 0) end as bias,
    cast(interval_points as bigint) as interval_points,
    cast(inside_80 as double) / nullif(interval_points, 0) as coverage_80,
    cast(inside_95 as double) / nullif(interval_points, 0) as coverage_95
from summed
