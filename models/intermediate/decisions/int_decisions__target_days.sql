with targets as (

    select * from {{ ref('targets') }}

),

daily as (

    select
        workload,
        cohort_dimension,
        cohort,
        unit,
        units,
        counted_cost,
        cost_per_unit,
        is_complete,
        period_start
    from {{ ref('int_books__unit_economics') }}
    where grain = 'day' and environment = '{{ var('target_environment') }}'

)

select
    targets.target_id,
    daily.units,
    daily.counted_cost as effective_cost,
    daily.cost_per_unit,
    {{ is_above('daily.cost_per_unit', 'targets.max_cost_per_unit') }} as is_in_breach,
    daily.period_start as date_day,
    targets.valid_from
from targets
inner join daily
    on
        targets.workload = daily.workload
        and targets.cohort_dimension = daily.cohort_dimension
        and targets.cohort = daily.cohort
        and targets.unit = daily.unit
-- a day that is not settled would look cheap, and one without a price says nothing
where daily.is_complete and daily.cost_per_unit is not null
