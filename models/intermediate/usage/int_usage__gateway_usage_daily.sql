with requests as (

    select * from {{ ref('int_usage__customer_requests_daily') }}

),

attributed as (

    {{ with_customer('requests') }}

),

totals as (

    select
        usage_date,
        deployment_id,
        customer_tier,
        geography,
        sum(uncached_input_tokens) as input_token,
        sum(cached_input_tokens) as cached_input_token,
        sum(output_tokens) as output_token,
        sum(requests) as request
    from attributed
    group by usage_date, deployment_id, customer_tier, geography

),

units as (

    unpivot totals
    on input_token, cached_input_token, output_token, request
    into name unit value units

)

select
    usage_date,
    deployment_id,
    customer_tier,
    geography,
    unit,
    cast(units as bigint) as units
from units
