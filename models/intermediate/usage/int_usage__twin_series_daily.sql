with counter_days as (

    select * from {{ ref('int_usage__labelled_counter_days') }}
    where last_value > 0

),

samples as (

    select * from {{ ref('stg_prometheus__samples') }}

),

days as (

    select
        *,
        {{ scraper_of('labels') }} as scraper,
        {{ is_address("labels['instance']") }} as is_address,
        nullif(regexp_extract(labels['instance'], ':([0-9]+)$', 1), '') as port
    from counter_days

),

-- of one process by its pod, its instance or the very moment of its creation, or of one port by a name and by an address; the
-- first one counts
candidates as (

    select
        twins.date_day,
        twins.series_id,
        firsts.series_id as first_series_id,
        twins.scrape_series_id,
        firsts.scrape_series_id as first_scrape_series_id,
        greatest(twins.resets, firsts.resets) as resets,
        twins.last_sampled_at < firsts.first_sampled_at
        or firsts.last_sampled_at < twins.first_sampled_at as is_disjoint,
        abs(twins.last_value - firsts.last_value) * 50 <= firsts.last_value as is_near,
        {{ labels_agree('twins.labels', 'firsts.labels') }} as is_told_by_labels,
        twins.metric,
        case
            when
                twins.first_sampled_at = firsts.first_sampled_at
                and twins.last_sampled_at = firsts.last_sampled_at
                then {{ differing_label('twins.labels', 'firsts.labels') }}
        end as label_value,
        {{ differing_label('firsts.labels', 'twins.labels') }} as first_label_value,
        least(twins.scraper, firsts.scraper) as scraper,
        greatest(twins.scraper, firsts.scraper) as other_scraper,
        twins.target_id,
        firsts.target_id as first_target_id,
        -- neither the first nor the last of their processes is the same
        abs(twins.first_created_us - firsts.first_created_us) >= 100000
        and abs(twins.last_created_us - firsts.last_created_us) >= 100000 as is_created_apart
    from days as twins
    inner join days as firsts
        on
            twins.date_day = firsts.date_day
            and twins.metric = firsts.metric
            and twins.deployment_id is not distinct from firsts.deployment_id
            and twins.series_id != firsts.series_id
    where
        -- all counters of one of two servers, not some of each
        (
            twins.samples < firsts.samples
            or (
                twins.samples = firsts.samples
                and (
                    twins.target_id > firsts.target_id
                    or (twins.target_id = firsts.target_id and twins.series_id > firsts.series_id)
                )
            )
        )
        and (
            (twins.target_id != '' and twins.target_id = firsts.target_id)
            or (twins.labels['instance'] != '' and twins.labels['instance'] = firsts.labels['instance'])
            or twins.last_created_us = firsts.last_created_us
            or (
                twins.is_address != firsts.is_address
                and twins.port = firsts.port
                and abs(twins.first_value - firsts.first_value) * 50 <= firsts.last_value
            )
        )
        and (
            {{ labels_agree('twins.labels', 'firsts.labels') }}
            -- who answers one scrape with several counters is seen with all of them at once: a label that differs is the scraper's
            or (
                twins.target_id != ''
                and twins.target_id = firsts.target_id
                and twins.first_sampled_at != firsts.first_sampled_at
                and twins.last_sampled_at != firsts.last_sampled_at
                and twins.first_sampled_at < firsts.last_sampled_at
                and twins.last_sampled_at > firsts.first_sampled_at
                and {{ differ_in_one_label('twins.labels', 'firsts.labels') }}
            )
            -- unless all that both count is the same at each of these moments
            or (
                twins.target_id != ''
                and twins.target_id = firsts.target_id
                and twins.first_sampled_at = firsts.first_sampled_at
                and twins.last_sampled_at = firsts.last_sampled_at
                and twins.samples = firsts.samples
                and twins.first_value = firsts.first_value
                and twins.last_value = firsts.last_value
                and twins.last_value > twins.first_value
                and {{ differ_in_one_label('twins.labels', 'firsts.labels') }}
                and not {{ differ_in_part('twins.labels', 'firsts.labels') }}
            )
        )

),

-- what one counter says of two processes holds for all that they count: not every metric says when it was created
told_apart as (

    select
        *,
        bool_or(is_created_apart) over (
            partition by
                date_day,
                least(target_id, first_target_id),
                greatest(target_id, first_target_id),
                scraper,
                other_scraper
        ) as are_two_processes,
        min(metric) over as_labelled != max(metric) over as_labelled as are_several_alike
    from candidates
    window as_labelled as (
        partition by
            date_day,
            target_id,
            first_target_id,
            least(label_value, first_label_value),
            greatest(label_value, first_label_value)
    )

),

possible_twins as (

    select *
    from told_apart
    where
        is_near
        and are_two_processes is not true
        and (is_told_by_labels or label_value is null or are_several_alike)

),

paired as (

    select
        possible_twins.date_day,
        possible_twins.series_id,
        possible_twins.first_series_id,
        possible_twins.resets,
        possible_twins.is_told_by_labels,
        possible_twins.is_disjoint,
        not possible_twins.is_told_by_labels and possible_twins.label_value is not null as is_read_at_once,
        samples.sampled_at,
        samples.value,
        lag(samples.sampled_at) over by_time as previous_at,
        lag(samples.value) over by_time as previous_value
    from samples
    inner join possible_twins
        on
            samples.date_day = possible_twins.date_day
            and samples.scrape_series_id in (possible_twins.scrape_series_id, possible_twins.first_scrape_series_id)
    where samples.value is not null and not samples.is_gauge and samples.is_created is not true
    window by_time as (
        partition by possible_twins.date_day, possible_twins.series_id, possible_twins.first_series_id
        order by samples.sampled_at, samples.value
    )

),

-- what two scrapers read of one counter, put in order of time, does not fall; a clock may be a little off, but not where one
-- series follows the other
merged as (

    select
        date_day,
        series_id,
        first_series_id
    from paired
    group by date_day, series_id, first_series_id
    having
        count(*) filter (where {{ has_fallen('value', 'previous_value') }})
        <= max(resets) + case when bool_or(is_disjoint) then 0 else 0.05 * count(*) end
        and (
            bool_or(is_told_by_labels)
            or case
                when bool_or(is_read_at_once)
                    then count(*) filter (where sampled_at = previous_at and value != previous_value) = 0
                else count(*) filter (where sampled_at = previous_at) <= 0.05 * count(*)
            end
        )

)

select
    date_day,
    series_id,
    min(first_series_id) as first_series_id
from merged
group by date_day, series_id
