with cells as (

    select * from {{ ref('int_unit_economics__activity_cells_daily') }}

),

cohort_dimensions as (

    select * from {{ ref('cohort_dimensions') }}

),

places as (

    select distinct
        place_number,
        environment,
        workload,
        unit,
        customer_tier,
        geography,
        is_attributed,
        cohorts
    from cells

),

deployment_cohorts as (

    select
        place_number,
        environment,
        workload,
        unit,
        {{ each_of('cohorts') }} as told
    from places

),

-- a day on which nobody knows whose the cost was is no part of a tier or a geography
cohort_places as (

    select
        environment,
        workload,
        told.cohort_dimension,
        told.cohort,
        unit,
        place_number
    from deployment_cohorts
    union all
    select
        places.environment,
        places.workload,
        cohort_dimensions.cohort_dimension,
        {{ gateway_cohort('cohort_dimensions.cohort_dimension', 'places') }} as cohort,
        places.unit,
        places.place_number
    from places
    inner join cohort_dimensions on cohort_dimensions.told_by = 'gateway'
    where places.is_attributed

),

cohorts as (

    select
        environment,
        workload,
        cohort_dimension,
        cohort,
        unit,
        array_sort(array_agg(place_number)) as place_numbers
    from cohort_places
    group by environment, workload, cohort_dimension, cohort, unit

)

select
    environment,
    workload,
    cohort_dimension,
    cohort,
    unit,
    cast(dense_rank() over (order by place_numbers) as integer) as cut_number,
    place_numbers
from cohorts
