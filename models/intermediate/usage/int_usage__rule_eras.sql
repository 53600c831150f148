with validities as (

    select
        valid_from,
        valid_to
    from {{ ref('series_rules') }}

),

starts as (

    select date '0001-01-01' as valid_from
    union
    select valid_from
    from validities
    where valid_from is not null
    union
    select valid_to as valid_from
    from validities
    where valid_to is not null

)

select
    valid_from,
    lead(valid_from, 1, date '9999-12-31') over (order by valid_from) as valid_to
from starts
