with deployment_cohorts as (

    select * from {{ ref('int_unit_economics__deployment_cohorts_daily') }}

),

-- a period counts whom it saw on the days whose cost it divides
counted_days as (

    select
        date_day,
        deployment_id,
        unit,
        activity_source,
        attribution_null_reason is null as is_attributed
    from {{ ref('int_unit_economics__counted_days') }}
    where activity_source is not null and null_reason is null

),

request_places as (

    select distinct
        date_day,
        deployment_id,
        customer_tier,
        geography
    from {{ ref('int_usage__gateway_usage_daily') }}

),

product_places as (

    select * from {{ ref('int_usage__product_places_daily') }}

),

-- what product activity tells is true of a workload: a cohort, where all its deployments of the day are in it
scope_cohorts as (

    select
        counted_days.date_day,
        counted_days.unit,
        counted_days.activity_source,
        counted_days.deployment_id,
        deployment_cohorts.environment,
        deployment_cohorts.workload,
        deployment_cohorts.cohort_dimension,
        case
            when
                counted_days.activity_source = 'requests'
                or min(deployment_cohorts.cohort) over workload_day = max(deployment_cohorts.cohort) over workload_day
                then deployment_cohorts.cohort
        end as cohort,
        case
            when counted_days.activity_source = 'requests' then counted_days.is_attributed
            else bool_and(counted_days.is_attributed) over workload_day
        end as is_attributed
    from counted_days
    inner join deployment_cohorts
        on
            counted_days.deployment_id = deployment_cohorts.deployment_id
            and counted_days.date_day = deployment_cohorts.date_day
    window
        workload_day as (
            partition by
                counted_days.date_day,
                deployment_cohorts.environment,
                deployment_cohorts.workload,
                counted_days.unit,
                deployment_cohorts.cohort_dimension
        )

),

scopes as (

    select
        date_day,
        unit,
        activity_source,
        deployment_id,
        environment,
        workload,
        is_attributed,
        array_sort(array_agg({{ struct_of(['cohort_dimension', 'cohort']) }})) as cohorts
    from scope_cohorts
    where cohort is not null
    group by date_day, unit, activity_source, deployment_id, environment, workload, is_attributed

),

workload_scopes as (

    select distinct
        date_day,
        unit,
        activity_source,
        environment,
        workload,
        is_attributed,
        cohorts
    from scopes
    where activity_source in ('product', 'both')

),

cells as (

    select
        scopes.date_day,
        scopes.unit,
        scopes.activity_source,
        'requests' as seen_by,
        scopes.deployment_id as seen_in,
        scopes.environment,
        scopes.workload,
        request_places.customer_tier,
        request_places.geography,
        scopes.is_attributed,
        scopes.cohorts
    from scopes
    inner join request_places
        on scopes.date_day = request_places.date_day and scopes.deployment_id = request_places.deployment_id
    where scopes.activity_source in ('requests', 'both')
    union all
    select
        workload_scopes.date_day,
        workload_scopes.unit,
        workload_scopes.activity_source,
        'product' as seen_by,
        workload_scopes.workload as seen_in,
        workload_scopes.environment,
        workload_scopes.workload,
        product_places.customer_tier,
        product_places.geography,
        workload_scopes.is_attributed,
        workload_scopes.cohorts
    from workload_scopes
    inner join product_places
        on
            workload_scopes.date_day = product_places.date_day
            and workload_scopes.workload = product_places.workload
            and workload_scopes.unit = product_places.unit

)

-- a place is what every cohort takes or leaves as one: the days on which a log of it tells the same cohorts. No cohort reaches beyond the
-- workload of an environment, its scope: there an id of another one is another id.
select
    date_day,
    unit,
    activity_source,
    seen_by,
    seen_in,
    environment,
    workload,
    customer_tier,
    geography,
    is_attributed,
    cohorts,
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
            environment,
            workload,
            customer_tier,
            geography,
            is_attributed,
            cohorts
    ),
    scope as (order by unit, environment, workload)
