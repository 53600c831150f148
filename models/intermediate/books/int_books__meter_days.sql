with counters as (

    select
        date_day,
        'counters' as meter,
        {{ rows_fingerprint([
            'scrape_series_id', 'resets', 'first_value', 'last_value', 'increase', 'gaps', 'first_sampled_at',
            'last_sampled_at'
        ]) }} as fingerprint
    from {{ ref('int_usage__counter_states_daily') }}
    group by date_day

),

gauges as (

    select
        date_day,
        'gauges' as meter,
        {{ rows_fingerprint([
            'scrape_series_id', 'last_value', 'held_value', 'gaps', 'first_sampled_at', 'last_sampled_at'
        ]) }} as fingerprint
    from {{ ref('int_usage__gauge_states_daily') }}
    group by date_day

),

requests as (

    select
        date_day,
        'requests' as meter,
        {{ rows_fingerprint([
            'deployment_id', 'customer_id', 'geography', 'requests', 'failed_requests', 'cache_hit_requests',
            'uncached_input_tokens', 'cached_input_tokens', 'output_tokens'
        ]) }} as fingerprint
    from {{ ref('int_usage__customer_requests_daily') }}
    group by date_day

),

reports as (

    select
        cast(bucket_start as date) as date_day,
        'provider reports' as meter,
        {{ rows_fingerprint([
            'provider', 'model', 'deployment_id', 'bucket_start', 'uncached_input_tokens', 'cached_input_tokens',
            'output_tokens', 'requests'
        ]) }} as fingerprint
    from {{ ref('stg_provider_usage__usage') }}
    where not is_superseded
    group by cast(bucket_start as date)

),

training_logs as (

    select
        cast(ts as date) as date_day,
        'training logs' as meter,
        {{ rows_fingerprint(['run_id', 'attempt_id', 'deployment_id', 'step', 'tokens_seen', 'ts']) }} as fingerprint
    from {{ ref('stg_training__progress') }}
    where ts is not null
    group by cast(ts as date)

),

meters as (

    select * from counters
    union all
    select * from gauges
    union all
    select * from requests
    union all
    select * from reports
    union all
    select * from training_logs

)

select
    meter,
    fingerprint,
    date_day
from meters
where date_day is not null
