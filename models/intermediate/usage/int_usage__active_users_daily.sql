with users as (

    select * from {{ ref('int_usage__customer_users_daily') }}

),

attributed as (

    {{ with_customer('users') }}

)

select distinct
    usage_date,
    deployment_id,
    customer_tier,
    geography,
    user_id
from attributed
