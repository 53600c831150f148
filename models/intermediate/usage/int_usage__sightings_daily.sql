-- a view: the ids are stored once, in the tables that it reads
{{ config(materialized='view') }}

with users as (

    select * from {{ ref('int_usage__customer_users_daily') }}

),

sessions as (

    select * from {{ ref('int_usage__customer_sessions_daily') }}

),

product_ids as (

    select * from {{ ref('int_usage__product_ids_daily') }}

),

seen as (

    select
        'active_user' as unit,
        'requests' as seen_by,
        deployment_id,
        customer_id,
        geography,
        user_id as counted_id,
        date_day
    from users
    union all
    select
        'session' as unit,
        'requests' as seen_by,
        deployment_id,
        customer_id,
        geography,
        session_id as counted_id,
        date_day
    from sessions
    union all
    select
        unit,
        'product' as seen_by,
        workload as deployment_id,
        customer_id,
        cast(null as string) as geography,
        counted_id,
        date_day
    from product_ids

),

attributed as (

    {{ with_customer('seen') }}

)

select
    unit,
    seen_by,
    deployment_id as seen_in,
    customer_tier,
    geography,
    counted_id,
    date_day
from attributed
