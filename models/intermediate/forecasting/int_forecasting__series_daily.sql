with unit_economics as (

    select
        environment,
        workload,
        unit,
        units,
        effective_cost,
        counted_cost,
        null_reason,
        is_complete,
        period_start as date_day
    from {{ ref('int_books__unit_economics') }}
    where grain = 'day' and cohort_dimension = 'all'

)

-- a day that telemetry did not see, or saw too little of, or of which a part is not counted says nothing of usage, and one without
-- charges nothing of cost.
select
    environment,
    workload,
    unit,
    case
        when
            coalesce(null_reason, '') not in ('no_telemetry', 'coverage_below_minimum')
            and (counted_cost = effective_cost or null_reason = 'no_cost')
            then units
    end as units,
    case when coalesce(null_reason, '') != 'no_cost' then effective_cost end as effective_cost,
    is_complete,
    date_day
from unit_economics
