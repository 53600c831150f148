with active_users as (
    select
        deployment_id,
        customer_tier,
        geography,
        user_id,
        usage_date
    from {{ ref('int_usage__active_users_daily') }}
),

sessions as (
    select
        deployment_id,
        customer_tier,
        geography,
        session_id,
        usage_date
    from {{ ref('int_usage__sessions_daily') }}
),

deployment_days as (
    select * from {{ ref('int_unit_economics__deployment_days') }}
),

-- Numbers in place of names: what is grouped below is then narrow.
numbered_users as (
    select
        'active_user' as unit,
        user_id as counted_id,
        cast(row_number() over () as integer) as id_number
    from active_users
    group by user_id
),

numbered_sessions as (
    select
        'session' as unit,
        session_id as counted_id,
        cast(row_number() over () as integer) as id_number
    from sessions
    group by session_id
),

sightings as (
    select
        numbered_users.unit,
        active_users.deployment_id,
        active_users.customer_tier,
        active_users.geography,
        numbered_users.id_number,
        active_users.usage_date
    from active_users
    inner join numbered_users on active_users.user_id = numbered_users.counted_id
    union all
    select
        numbered_sessions.unit,
        sessions.deployment_id,
        sessions.customer_tier,
        sessions.geography,
        numbered_sessions.id_number,
        sessions.usage_date
    from sessions
    inner join numbered_sessions on sessions.session_id = numbered_sessions.counted_id
),

-- A place is the smallest set of sightings that every cohort takes or leaves as one.
cells as (
    select
        sightings.unit,
        sightings.deployment_id,
        coalesce(deployment_days.configuration_id, '(none)') as configuration_id,
        sightings.customer_tier,
        sightings.geography,
        any_value(deployment_days) as deployment_day
    from (select distinct unit, deployment_id, customer_tier, geography, usage_date from sightings) as sightings
    left join deployment_days
        on
            sightings.deployment_id = deployment_days.deployment_id
            and sightings.usage_date = deployment_days.usage_date
    group by
        sightings.unit,
        sightings.deployment_id,
        coalesce(deployment_days.configuration_id, '(none)'),
        sightings.customer_tier,
        sightings.geography
),

places as (
    select
        *,
        cast(row_number() over (order by unit, deployment_id, configuration_id, customer_tier, geography) as integer)
            as place_number
    from cells
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

placed_sightings as (
    select
        places.place_number,
        sightings.id_number,
        sightings.usage_date
    from sightings
    left join deployment_days
        on
            sightings.deployment_id = deployment_days.deployment_id
            and sightings.usage_date = deployment_days.usage_date
    inner join places
        on
            sightings.unit = places.unit
            and sightings.deployment_id = places.deployment_id
            and coalesce(deployment_days.configuration_id, '(none)') = places.configuration_id
            and sightings.customer_tier = places.customer_tier
            and sightings.geography = places.geography
),

counts as (
    {% for grain in ['daily', 'weekly', 'monthly'] %}
    select
        '{{ grain }}' as grain,
        cut_places.cut_number,
        count(distinct placed_sightings.id_number) as units,
        {{ period_start('placed_sightings.usage_date', grain) }} as period_start
    from placed_sightings
    inner join cut_places on placed_sightings.place_number = cut_places.place_number
    group by cut_places.cut_number, {{ period_start('placed_sightings.usage_date', grain) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    counts.grain,
    cohorts.environment,
    cohorts.workload,
    cohorts.cohort_dimension,
    cohorts.cohort,
    cohorts.unit,
    counts.units,
    counts.period_start
from counts
inner join cuts on counts.cut_number = cuts.cut_number
inner join cohorts on cuts.place_numbers = cohorts.place_numbers
