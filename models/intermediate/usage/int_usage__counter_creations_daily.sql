{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('date_day'),
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_days(ref('stg_prometheus__days')) }}",
        "{{ choose_changed_days(ref('stg_prometheus__days'), 'new_creation_days') }}"
    ]
) }}

with samples as (

    select * from {{ ref('stg_prometheus__samples') }}
    where
        {{ is_chosen('new_creation_days', 'date_day') }}
        and is_created

),

series as (

    select distinct
        scrape_series_id,
        {{ each_of('created_series_ids') }} as counter_scrape_series_id
    from {{ ref('stg_prometheus__series') }}
    where is_created

),

creations as (

    select
        samples.date_day,
        series.counter_scrape_series_id as scrape_series_id,
        samples.day_version,
        samples.sampled_at,
        -- scrapers round what clients write, but not to more than a millisecond
        {{ time_of('cast(round(samples.value * 1000) as bigint) * 1000') }} as created_at,
        -- OpenTelemetry's word for unknown: a collector looked first at this sample, and the process may be older
        abs(samples.value - {{ microseconds('samples.sampled_at') }} / 1e6) < 0.001 as is_first_look
    from samples
    inner join series on samples.scrape_series_id = series.scrape_series_id

),

judged as (

    select
        *,
        bool_or(is_first_look) over (partition by date_day, scrape_series_id, created_at) as is_unknown
    from creations

),

placed as (

    select
        *,
        row_number() over (partition by date_day, scrape_series_id, is_unknown order by sampled_at) as place
    from judged

)

select
    date_day,
    scrape_series_id,
    day_version,
    case
        when not bool_and(is_unknown)
            then coalesce(
                    array_sort(array_agg(sampled_at) filter (where not is_unknown and place > 1)), {{ list_of([]) }}
                )
    end as changed_at,
    case
        when bool_or(is_first_look)
            then {{ list_in_order('created_at', 'sampled_at', condition='is_first_look') }}
    end as looked_first_at,
    -- a time that comes back is another process that answers in turn, and nobody restarted
    case
        when count(*) filter (where not is_unknown) > count(distinct created_at) filter (where not is_unknown)
            then array_sort(
                    array_agg({{ struct_of(['sampled_at', 'created_at']) }}) filter (where not is_unknown)
                )
    end as answers,
    min_by(created_at, sampled_at) as first_created_at,
    max_by(created_at, sampled_at) as last_created_at
from placed
group by date_day, scrape_series_id, day_version
