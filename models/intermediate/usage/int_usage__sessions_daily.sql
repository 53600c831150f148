with sessions as (

    select * from {{ ref('int_usage__customer_sessions_daily') }}

),

attributed as (

    {{ with_customer('sessions') }}

)

select distinct
    usage_date,
    deployment_id,
    customer_tier,
    geography,
    session_id
from attributed
