with users as (

    select
        deployment_id,
        customer_id,
        geography,
        user_id,
        date_day
    from {{ ref('int_usage__customer_users_daily') }}

),

sessions as (

    select
        deployment_id,
        customer_id,
        geography,
        session_id,
        date_day
    from {{ ref('int_usage__customer_sessions_daily') }}

),

product_ids as (

    select
        workload,
        customer_id,
        unit,
        counted_id,
        date_day
    from {{ ref('int_usage__product_ids_daily') }}

),

cells as (

    select * from {{ ref('int_unit_economics__activity_cells_daily') }}

),

seen as (

    select
        'active_user' as unit,
        'requests' as seen_by,
        deployment_id,
        customer_id,
        geography,
        user_id as counted_id,
        date_day
    from users
    union all
    select
        'session' as unit,
        'requests' as seen_by,
        deployment_id,
        customer_id,
        geography,
        session_id as counted_id,
        date_day
    from sessions
    union all
    select
        unit,
        'product' as seen_by,
        workload as deployment_id,
        customer_id,
        cast(null as varchar) as geography,
        counted_id,
        date_day
    from product_ids

),

attributed as (

    {{ with_customer('seen') }}

),

-- a place is the smallest set of sightings of a unit that every cohort takes or leaves as one. No cohort reaches beyond a
-- workload of an environment: an id of another one is another id.
place_days as (

    select
        *,
        cast(dense_rank() over place as integer) as place_number,
        cast(dense_rank() over scope as integer) as scope_number
    from cells
    window
        place as (
            order by
                unit,
                activity_source,
                seen_by,
                seen_in,
                customer_tier,
                geography,
                environment,
                workload,
                {{ deployment_attributes() | join(', ') }},
                deployment_id
        ),
        scope as (order by unit, environment, workload)

),

places as (

    select distinct * exclude (date_day, scope_number)
    from place_days

),

sightings as (

    select
        place_days.scope_number,
        attributed.counted_id,
        place_days.place_number,
        attributed.date_day
    from attributed
    inner join place_days
        on
            attributed.unit = place_days.unit
            and attributed.seen_by = place_days.seen_by
            and attributed.deployment_id = place_days.seen_in
            and attributed.customer_tier = place_days.customer_tier
            and attributed.geography = place_days.geography
            and attributed.date_day = place_days.date_day

),

ids as (

    select
        scope_number,
        counted_id,
        cast(row_number() over () as integer) as id_number,
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
        bit_xor(md5_number(cast(place_number as varchar))) as fingerprint,
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

cohort_places as (

    {% for dimension, cohort in cohort_dimensions(cell='places', deployment_day='places').items() %}
    select
        places.environment,
        places.workload,
        '{{ dimension }}' as cohort_dimension,
        {{ cohort }} as cohort,
        places.unit,
        places.place_number
    from places
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

cohorts as (

    select
        environment,
        workload,
        cohort_dimension,
        cohort,
        unit,
        list(place_number order by place_number) as place_numbers
    from cohort_places
    -- nobody tells which of the workload's deployments it was
    where cohort is not null
    group by environment, workload, cohort_dimension, cohort, unit

),

-- most dimensions cut a workload alike, or not at all: each cut is counted once.
cuts as (

    select
        place_numbers,
        cast(row_number() over (order by place_numbers) as integer) as cut_number
    from (select distinct place_numbers from cohorts)

),

cut_places as (

    select
        cut_number,
        unnest(place_numbers) as place_number
    from cuts

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

-- the ids of two sources are not of one kind, unless they are said to be
cut_sources as (

    select distinct
        grains.grain,
        cut_places.cut_number,
        places.activity_source,
        {{ period_start('place_dates.date_day', 'grains.grain') }} as period_start
    from (select distinct place_number, date_day from sightings) as place_dates
    inner join places on place_dates.place_number = places.place_number
    inner join cut_places on place_dates.place_number = cut_places.place_number
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
inner join cuts on counts.cut_number = cuts.cut_number
inner join cohorts on cuts.place_numbers = cohorts.place_numbers
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
