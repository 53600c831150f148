with validities as (

    select
        valid_from,
        valid_to
    from {{ ref('cost_rules') }}
    union
    select
        valid_from,
        valid_to
    from {{ ref('sku_meters') }}
    union
    select
        valid_from,
        valid_to
    from {{ ref('capacity_pools') }}
    union
    select
        valid_from,
        valid_to
    from {{ ref('shared_pools') }}

),

era_bounds as (

    {{ eras('validities') }}

)

select
    valid_from,
    valid_to
from era_bounds
