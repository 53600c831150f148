{%- set allowed_us = (var('max_unknown_share') * 86400000000) | int -%}
{%- set said = 'date_day, deployment_id, target_id, semantic' -%}

with series as (

    select * from {{ ref('int_usage__series_deployments') }}
    where is_counted and metric_type = 'counter'

),

counter_days as (

    select * from {{ ref('int_usage__counter_days') }}

),

metrics as (

    select
        counter_days.date_day,
        coalesce(series.deployment_id, '(unattributed)') as deployment_id,
        series.target_id,
        series.semantic,
        series.preference,
        min({{ microseconds('counter_days.first_sampled_at') }}) as first_us,
        max({{ microseconds('counter_days.last_sampled_at') }}) as last_us
    from counter_days
    inner join series
        on counter_days.series_id = series.series_id and {{ in_effect('series', 'counter_days.date_day') }}
    group by
        counter_days.date_day,
        coalesce(series.deployment_id, '(unattributed)'),
        series.target_id,
        series.semantic,
        series.preference

),

-- of names that are there for about as long, the better; else the one that is there for longer
ranked as (

    select
        *,
        row_number() over (
            partition by {{ said }}
            order by
                case when last_us - first_us >= longest_us - {{ allowed_us }} then 0 else 1 end, preference
        ) as place
    from (
        select
            *,
            max(last_us - first_us) over (partition by {{ said }}) as longest_us
        from metrics
    )

),

placed as (

    select
        *,
        min(case when place = 1 then first_us end) over (partition by {{ said }}) as leader_first_us,
        max(case when place = 1 then last_us end) over (partition by {{ said }}) as leader_last_us
    from ranked

),

-- a name that ends as the leader begins, or begins as it ends, is the same count before or after an update
sided as (

    select
        *,
        case
            when place = 1 then 'leader'
            when last_us <= leader_first_us then 'before'
            when first_us >= leader_last_us then 'after'
        end as side
    from placed

),

chosen as (

    select
        *,
        row_number() over (
            partition by {{ said }}, side
            order by
                case when last_us - first_us >= longest_of_side_us - {{ allowed_us }} then 0 else 1 end, preference
        ) as place_of_side
    from (
        select
            *,
            max(last_us - first_us) over (partition by {{ said }}, side) as longest_of_side_us
        from sided
    )
    where side is not null

)

select
    date_day,
    deployment_id,
    target_id,
    semantic,
    preference
from chosen
where place_of_side = 1
