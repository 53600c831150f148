{%- set max_gap_us = var('scrape_max_gap_seconds') * 1000000 -%}

with states as (

    select
        series_id,
        scrape_series_id,
        process_created_us,
        scrape_group,
        date_day,
        {{ microseconds('first_sampled_at') }} as first_us,
        {{ microseconds('last_sampled_at') }} as last_us,
        first_created_us,
        last_created_us,
        unseen_from_us,
        first_value,
        last_value,
        increase,
        resets,
        coalesce(
            {{ sum_of_list('gaps', 'gap', microseconds('gap.ends_at') ~ ' - ' ~ microseconds('gap.starts_at')) }}, 0
        ) as gap_us
    from {{ ref('int_usage__counter_days') }}

),

chained as (

    select
        *,
        min(first_us) over (partition by scrape_group) as group_first_us,
        lag(scrape_series_id) over series_order as previous_scrape_series_id,
        lag(last_us) over series_order as previous_us,
        lag(last_value) over series_order as previous_value,
        lag(last_created_us) over series_order as previous_created_us
    from states
    window series_order as (partition by series_id, process_created_us order by date_day)

),

relayed_births as (

    select
        series_id,
        value_before,
        {{ microseconds('seen_until') }} as seen_until_us
    from {{ ref('int_usage__relayed_births') }}

),

-- what was there at the first sample counts if it is proved to be new: by the time of creation, or because the scraper was
-- at work before without seeing the series. Where nobody looked just before, it may be as old as the time since the last look
openings as (

    select
        chained.series_id,
        chained.date_day,
        chained.group_first_us,
        chained.first_us,
        chained.first_created_us,
        chained.unseen_from_us,
        chained.first_value,
        relayed_births.value_before,
        relayed_births.seen_until_us,
        case
            when chained.first_created_us is not null
                then chained.first_created_us >= chained.group_first_us - {{ max_gap_us }}
            else chained.first_us > chained.group_first_us + {{ max_gap_us }}
        end as is_born
    from chained
    left join relayed_births on chained.series_id = relayed_births.series_id and chained.process_created_us is null
    where chained.previous_us is null

),

-- from the last sample of a day to the first of the next day that has any, and to the first sample from a creation, or from the
-- last look at others of its group
crossings as (

    select
        series_id,
        previous_us,
        first_us,
        first_us - previous_us > {{ max_gap_us }} as is_gap,
        (
            {{ has_fallen('first_value', 'previous_value', 1) }}
            -- of two replicas the later may have been answered earlier: it is a little behind, and nothing began anew
            and not (
                scrape_series_id != previous_scrape_series_id
                and first_us - previous_us <= {{ max_gap_us }}
                and first_value > previous_value / 2
            )
        )
        or coalesce(abs(first_created_us - previous_created_us) >= 100000, false) as is_reset,
        first_value,
        previous_value
    from chained
    where previous_us is not null

    union all

    select
        series_id,
        -- no day before the data has usage
        least(
            greatest(first_created_us, {{ microseconds("date_trunc('day', " ~ time_of('group_first_us') ~ ')') }}),
            first_us - 1
        ) as previous_us,
        first_us,
        false as is_gap,
        false as is_reset,
        first_value,
        0 as previous_value
    from openings
    where is_born and value_before is null and first_created_us is not null

    union all

    -- what was another address's is counted there
    select
        series_id,
        seen_until_us as previous_us,
        first_us,
        first_us - seen_until_us > {{ max_gap_us }} as is_gap,
        false as is_reset,
        first_value,
        value_before as previous_value
    from openings
    where is_born and value_before is not null

    union all

    select
        series_id,
        unseen_from_us as previous_us,
        first_us,
        true as is_gap,
        false as is_reset,
        first_value,
        0 as previous_value
    from openings
    where is_born and value_before is null and first_created_us is null and unseen_from_us is not null

),

relayed_gaps as (

    select
        series_id,
        {{ microseconds('starts_at') }} as starts_us,
        {{ microseconds('ends_at') }} as ends_us,
        {{ microseconds('relayed_from') }} as relayed_from_us,
        {{ microseconds('relayed_until') }} as relayed_until_us
    from {{ ref('int_usage__relayed_gaps') }}

),

crossings_by_day as (

    select
        crossings.series_id,
        crossings.previous_us,
        crossings.first_us - crossings.previous_us as total_us,
        coalesce(relayed_gaps.relayed_from_us - crossings.previous_us, 0) as relayed_from_us,
        coalesce(relayed_gaps.relayed_until_us - crossings.previous_us, 0) as relayed_until_us,
        crossings.is_gap,
        crossings.is_reset,
        {{ quotient(
            'case when crossings.is_reset then crossings.first_value'
            ~ ' else greatest(crossings.first_value - crossings.previous_value, 0) end', '1000'
        ) }} as increase,
        {{ each_time(
            "date_trunc('day', " ~ time_of('crossings.previous_us') ~ ')',
            "date_trunc('day', " ~ time_of('crossings.first_us') ~ ')'
        ) }} as day_starts_at
    from crossings
    left join relayed_gaps
        on
            crossings.series_id = relayed_gaps.series_id
            and crossings.previous_us = relayed_gaps.starts_us
            and crossings.first_us = relayed_gaps.ends_us

),

spans as (

    select
        *,
        greatest({{ microseconds('day_starts_at') }} - previous_us, 0) as from_us,
        least({{ microseconds('day_starts_at') }} + 86400000000 - previous_us, total_us) as until_us
    from crossings_by_day

),

-- what the same process counted under other labels is no part of it
crossed_days as (

    select
        *,
        greatest(least(from_us, relayed_until_us) - relayed_from_us, 0) as relayed_before_us,
        greatest(least(until_us, relayed_until_us) - relayed_from_us, 0) as relayed_us
    from spans

),

-- whole units by time, rounded down at each midnight, so that the parts are the whole and the rest falls to the later day
crossing_parts as (

    select
        series_id,
        cast(day_starts_at as date) as date_day,
        1000 * (
            {{ quotient('(increase * (until_us - relayed_us))', 'total_us') }}
            - {{ quotient('(increase * (from_us - relayed_before_us))', 'total_us') }}
        ) as increase,
        case when is_reset and until_us = total_us then 1 else 0 end as resets,
        case when is_gap then until_us - relayed_us - from_us + relayed_before_us else 0 end as gap_us
    from crossed_days
    where from_us < until_us

),

parts as (

    select
        series_id,
        date_day,
        increase,
        resets,
        gap_us,
        false as opening_balance_unknown
    from states

    union all

    select
        series_id,
        date_day,
        increase,
        resets,
        gap_us,
        false as opening_balance_unknown
    from crossing_parts

    union all

    select
        series_id,
        date_day,
        case
            when is_born and value_before is null and first_created_us is null and unseen_from_us is null
                then first_value
            else 0
        end as increase,
        0 as resets,
        0 as gap_us,
        not is_born and first_value > 0 as opening_balance_unknown
    from openings

)

select
    date_day,
    series_id,
    cast({{ quotient('sum(increase)', '1000') }} as {{ wide_integer() }}) as increase,
    cast(sum(resets) as bigint) as resets,
    cast({{ quotient('sum(gap_us)', '1000000') }} as bigint) as gap_seconds,
    bool_or(opening_balance_unknown) as opening_balance_unknown
from parts
group by date_day, series_id
