with arrivals as (

    select min(complete_until) as billed_until
    from {{ ref('int_costs__source_arrivals') }}
    where is_live

),

-- a day of which nobody counted anything is no day that a target could be looked at
counted_days as (

    select distinct period_end
    from {{ ref('int_books__unit_economics') }}
    where grain = 'day' and units is not null

)

select
    arrivals.billed_until,
    max(counted_days.period_end) as known_until
from arrivals
left join counted_days on arrivals.billed_until >= counted_days.period_end
group by arrivals.billed_until
