with ids as (

    select
        workload,
        customer_id,
        unit,
        cast(null as string) as deployment_id,
        cast(null as string) as geography,
        date_day
    from {{ ref('int_usage__product_ids_daily') }}

),

attributed as (

    {{ with_customer('ids') }}

)

select distinct
    date_day,
    workload,
    unit,
    customer_tier,
    geography
from attributed
