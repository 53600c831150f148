with series as (

    select
        series_id,
        valid_from,
        valid_to,
        deployment_id,
        target_id,
        case
            when semantic in ('input_tokens', 'uncached_input_tokens') then 'prompt'
            when semantic = 'cached_input_tokens' then 'cached'
            when semantic = 'output_tokens' then 'output'
            when semantic = 'requests' then 'request'
            when semantic = 'embeddings' then 'embedding'
        end as meter,
        semantic,
        preference,
        sign
    from {{ ref('int_usage__series_deployments') }}
    where is_counted and metric_type = 'counter' and deployment_id is not null

),

counter_days as (

    select
        *,
        date_day = min(date_day) over (partition by series_id) as is_first_of_series,
        date_day = max(date_day) over (partition by series_id) as is_last_of_series
    from {{ ref('int_usage__counter_days') }}

)

-- what a replica saw that does not count is in the count of the day after or before, if there is one
select
    counter_days.date_day,
    series.deployment_id,
    series.target_id,
    series.meter,
    series.semantic,
    series.preference,
    {{ microseconds('counter_days.first_sampled_at') }} as first_us,
    {{ microseconds('counter_days.last_sampled_at') }} as last_us,
    case
        when counter_days.is_first_of_series then {{ microseconds('counter_days.seen_from') }}
        else {{ microseconds('counter_days.first_sampled_at') }}
    end as seen_from_us,
    case
        when counter_days.is_last_of_series then {{ microseconds('counter_days.seen_until') }}
        else {{ microseconds('counter_days.last_sampled_at') }}
    end as seen_until_us,
    counter_days.unseen_from_us,
    {{ quotient('(series.sign * counter_days.first_value)', '1000') }} as first_value,
    counter_days.date_day = min(counter_days.date_day) over (
        partition by series.series_id, counter_days.process_created_us
    ) as is_first_day
from counter_days
inner join series
    on counter_days.series_id = series.series_id and {{ in_effect('series', 'counter_days.date_day') }}
