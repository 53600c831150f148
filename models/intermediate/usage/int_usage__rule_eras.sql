with validities as (

    select
        valid_from,
        valid_to
    from {{ ref('series_rules') }}

),

era_bounds as (

    {{ eras('validities') }}

)

select
    valid_from,
    valid_to
from era_bounds
