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

gateway_days as (
    select distinct
        deployment_id,
        customer_tier,
        geography,
        date_day
    from {{ ref('int_usage__gateway_usage_daily') }}
),

deployment_days as (
    select * from {{ ref('int_unit_economics__deployment_days') }}
),

-- A period counts whom it saw on the days whose cost it divides.
counted_days as (
    select
        deployment_id,
        unit,
        date_day
    from {{ ref('int_unit_economics__counted_days') }}
    where unit in ('active_user', 'session') and null_reason is null
),

seen as (
    select
        'active_user' as unit,
        deployment_id,
        customer_id,
        geography,
        user_id as counted_id,
        date_day
    from users
    union all
    select
        'session' as unit,
        deployment_id,
        customer_id,
        geography,
        session_id as counted_id,
        date_day
    from sessions
),

attributed as (
    {{ with_customer('seen') }}
),

-- A place is the smallest set of sightings of a unit that every cohort takes or leaves as one.
cells as (
    select
        counted_days.unit,
        gateway_days.deployment_id,
        gateway_days.customer_tier,
        gateway_days.geography,
        gateway_days.date_day,
        coalesce(deployment_days.configuration_id, '(none)') as configuration_id,
        deployment_days as deployment_day
    from gateway_days
    inner join counted_days
        on
            gateway_days.deployment_id = counted_days.deployment_id
            and gateway_days.date_day = counted_days.date_day
    left join deployment_days
        on
            gateway_days.deployment_id = deployment_days.deployment_id
            and gateway_days.date_day = deployment_days.date_day
),

places as (
    select
        unit,
        deployment_id,
        configuration_id,
        customer_tier,
        geography,
        any_value(deployment_day) as deployment_day,
        cast(row_number() over (order by unit, deployment_id, configuration_id, customer_tier, geography) as integer)
            as place_number
    from cells
    group by unit, deployment_id, configuration_id, customer_tier, geography
),

-- No cohort reaches beyond a workload of an environment: an id of another one is another id.
place_days as (
    select
        cells.unit,
        cells.deployment_id,
        cells.customer_tier,
        cells.geography,
        cells.date_day,
        cast(dense_rank() over (
            order by places.unit, places.deployment_day.environment, places.deployment_day.workload
        ) as integer) as scope_number,
        places.place_number
    from cells
    inner join places
        on
            cells.unit = places.unit
            and cells.deployment_id = places.deployment_id
            and cells.configuration_id = places.configuration_id
            and cells.customer_tier = places.customer_tier
            and cells.geography = places.geography
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
            and attributed.deployment_id = place_days.deployment_id
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

-- Ids that were seen in the same places in a period count alike in every cohort. The fingerprint of 128 bits names
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
    {% for dimension, cohort in cohort_dimensions(cell='places', deployment_day='places.deployment_day').items() %}
    select
        places.deployment_day.environment,
        places.deployment_day.workload,
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
    group by environment, workload, cohort_dimension, cohort, unit
),

-- Most dimensions cut a workload alike, or not at all: each cut is counted once.
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

-- What was seen once, as most sessions are, adds up by itself.
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
    cast(sum(counts.units) as bigint) as units,
    counts.period_start
from counts
inner join cuts on counts.cut_number = cuts.cut_number
inner join cohorts on cuts.place_numbers = cohorts.place_numbers
group by
    counts.grain,
    cohorts.environment,
    cohorts.workload,
    cohorts.cohort_dimension,
    cohorts.cohort,
    cohorts.unit,
    counts.period_start
