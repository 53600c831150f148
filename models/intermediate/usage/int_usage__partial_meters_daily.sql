with target_meters as (

    select * from {{ ref('int_usage__target_meters_daily') }}

),

target_counts as (

    select * from {{ ref('int_usage__target_counts_daily') }}

),

totals as (

    select
        date_day,
        deployment_id,
        sum(units) filter (where semantic in ('input_tokens', 'uncached_input_tokens')) as prompt_units,
        sum(units) filter (where semantic = 'cached_input_tokens') as cached_units,
        sum(units) filter (where semantic = 'output_tokens') as output_units,
        sum(units) filter (where semantic = 'requests') as request_units,
        sum(units) filter (where semantic = 'embeddings') as embedding_units
    from target_counts
    group by date_day, deployment_id

),

-- some servers make a counter with the first thing that it counts: what it has then is little
late as (

    select
        date_day,
        deployment_id,
        meter,
        bool_or(is_absent or is_cut_off or is_back_late) as is_cut,
        sum(late_units) as late_units
    from target_meters
    group by date_day, deployment_id, meter

),

judged as (

    select
        late.*,
        coalesce(totals.request_units, 0) as request_units,
        coalesce(case late.meter
            when 'prompt' then totals.prompt_units
            when 'cached' then totals.cached_units
            when 'output' then totals.output_units
            when 'request' then totals.request_units
            when 'embedding' then totals.embedding_units
        end, 0) as units
    from late
    left join totals on late.date_day = totals.date_day and late.deployment_id = totals.deployment_id

)

select
    date_day,
    deployment_id,
    meter
from judged
where
    is_cut
    or (
        late_units > {{ var('max_unknown_share') }} * units
        and late_units > {{ var('metering_tolerance_requests') }} * units / greatest(request_units, 1)
    )
