with requests as (

    select * from {{ ref('int_usage__customer_requests_daily') }}

),

told as (

    select * from {{ ref('int_usage__gateway_counts_told_daily') }}

),

told_requests as (

    select
        requests.*,
        told.is_input_told,
        told.is_cached_told,
        told.is_output_told
    from requests
    inner join told
        on
            requests.date_day = told.date_day
            and requests.deployment_id is not distinct from told.deployment_id

),

attributed as (

    {{ with_customer('told_requests') }}

),

-- of a prompt of which nobody knows what was cached the whole is known
totals as (

    select
        date_day,
        deployment_id,
        customer_tier,
        geography,
        sum(uncached_input_tokens) filter (where is_input_told and is_cached_told) as input_token,
        sum(cached_input_tokens) filter (where is_input_told and is_cached_told) as cached_input_token,
        sum(uncached_input_tokens + cached_input_tokens) filter (where is_input_told and not is_cached_told)
            as prompt_token,
        sum(output_tokens) filter (where is_output_told) as output_token,
        sum(requests) as request
    from attributed
    group by date_day, deployment_id, customer_tier, geography

),

units as (

    select
        totals.date_day,
        totals.deployment_id,
        totals.customer_tier,
        totals.geography,
        kinds.unit,
        case kinds.unit
            when 'input_token' then totals.input_token
            when 'cached_input_token' then totals.cached_input_token
            when 'prompt_token' then totals.prompt_token
            when 'output_token' then totals.output_token
            when 'request' then totals.request
        end as units
    from totals
    cross join (
        values ('input_token'), ('cached_input_token'), ('prompt_token'), ('output_token'), ('request')
    ) as kinds (unit)

)

select
    date_day,
    deployment_id,
    customer_tier,
    geography,
    unit,
    cast(units as bigint) as units
from units
where units is not null
