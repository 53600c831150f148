with seen as (

    select * from {{ ref('int_usage__sightings_daily') }}

),

cells as (

    select * from {{ ref('int_unit_economics__activity_cells_daily') }}

),

cohorts as (

    select * from {{ ref('int_unit_economics__activity_cohorts') }}

),

sightings as (

    select
        cells.scope_number,
        seen.counted_id,
        cells.place_number,
        cells.activity_source,
        seen.date_day
    from seen
    inner join cells
        on
            seen.unit = cells.unit
            and seen.seen_by = cells.seen_by
            and seen.seen_in = cells.seen_in
            and seen.customer_tier = cells.customer_tier
            and seen.geography = cells.geography
            and seen.date_day = cells.date_day

),

ids as (

    select
        scope_number,
        counted_id,
        {{ number_of_row('scope_number, counted_id') }} as id_number,
        any_value(place_number) as place_number,
        any_value(date_day) as date_day,
        count(*) as sightings
    from sightings
    group by scope_number, counted_id

),

seen_again as (

    select
        ids.id_number,
        sightings.place_number,
        sightings.date_day
    from sightings
    inner join ids
        on
            sightings.scope_number = ids.scope_number
            and sightings.counted_id = ids.counted_id
            and ids.sightings > 1

),

period_places as (

    select distinct
        grains.grain,
        id_number,
        place_number,
        {{ period_start('date_day', 'grains.grain') }} as period_start
    from seen_again
    cross join {{ grains() }}

),

-- ids that were seen in the same places in a period count alike in every cohort. The fingerprint of 128 bits names
-- the places: unlike a list of them it has one size, so that this can spill to disk.
period_ids as (

    select
        grain,
        id_number,
        {{ fingerprint_of_group('cast(place_number as string)') }} as fingerprint,
        period_start
    from period_places
    group by grain, id_number, period_start

),

alike as (

    select
        grain,
        fingerprint,
        min(id_number) as id_number,
        count(*) as units,
        period_start
    from period_ids
    group by grain, fingerprint, period_start

),

-- most dimensions cut a workload alike, or not at all: each cut is counted once
cut_places as (

    select distinct
        cut_number,
        {{ each_of('place_numbers') }} as place_number
    from cohorts

),

alike_cuts as (

    select distinct
        alike.grain,
        alike.fingerprint,
        alike.units,
        alike.period_start,
        cut_places.cut_number
    from alike
    inner join period_places
        on
            alike.grain = period_places.grain
            and alike.period_start = period_places.period_start
            and alike.id_number = period_places.id_number
    inner join cut_places on period_places.place_number = cut_places.place_number

),

place_days as (

    select distinct
        place_number,
        activity_source,
        date_day
    from sightings

),

-- the ids of two sources are not of one kind, unless they are said to be
cut_sources as (

    select distinct
        grains.grain,
        cut_places.cut_number,
        place_days.activity_source,
        {{ period_start('place_days.date_day', 'grains.grain') }} as period_start
    from place_days
    inner join cut_places on place_days.place_number = cut_places.place_number
    cross join {{ grains() }}

),

period_sources as (

    select
        grain,
        cut_number,
        {{ merge_methods('activity_source') }} as activity_source,
        period_start
    from cut_sources
    group by grain, cut_number, period_start

),

-- what was seen once, as most sessions are, adds up by itself
counts as (

    select
        grains.grain,
        cut_places.cut_number,
        count(*) as units,
        {{ period_start('ids.date_day', 'grains.grain') }} as period_start
    from ids
    cross join {{ grains() }}
    inner join cut_places on ids.place_number = cut_places.place_number
    where ids.sightings = 1
    group by grains.grain, cut_places.cut_number, {{ period_start('ids.date_day', 'grains.grain') }}
    union all
    select
        grain,
        cut_number,
        sum(units) as units,
        period_start
    from alike_cuts
    group by grain, cut_number, period_start

)

select
    counts.grain,
    cohorts.environment,
    cohorts.workload,
    cohorts.cohort_dimension,
    cohorts.cohort,
    cohorts.unit,
    any_value(period_sources.activity_source) as activity_source,
    cast(sum(counts.units) filter (where period_sources.activity_source != 'mixed') as bigint) as units,
    counts.period_start
from counts
inner join cohorts on counts.cut_number = cohorts.cut_number
inner join period_sources
    on
        counts.grain = period_sources.grain
        and counts.cut_number = period_sources.cut_number
        and counts.period_start = period_sources.period_start
group by
    counts.grain,
    cohorts.environment,
    cohorts.workload,
    cohorts.cohort_dimension,
    cohorts.cohort,
    cohorts.unit,
    counts.period_start
