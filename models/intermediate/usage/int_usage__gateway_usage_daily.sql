with requests as (

    select * from {{ ref('int_usage__customer_requests_daily') }}

),

attributed as (

    {{ with_customer('requests') }}

),

-- tokens that more than a small part of the requests does not tell are unknown, for every tier of the day
deployment_days as (

    select
        date_day,
        deployment_id,
        sum(requests_without_input) <= {{ var('max_unknown_share') }} * sum(requests) as is_input_told,
        sum(requests_without_output) <= {{ var('max_unknown_share') }} * sum(requests) as is_output_told
    from attributed
    group by date_day, deployment_id

),

totals as (

    select
        attributed.date_day,
        attributed.deployment_id,
        attributed.customer_tier,
        attributed.geography,
        case when max(deployment_days.is_input_told) then sum(attributed.uncached_input_tokens) end
            as input_token,
        case when max(deployment_days.is_input_told) then sum(attributed.cached_input_tokens) end
            as cached_input_token,
        case when max(deployment_days.is_output_told) then sum(attributed.output_tokens) end as output_token,
        sum(attributed.requests) as request
    from attributed
    inner join deployment_days
        on
            attributed.date_day = deployment_days.date_day
            and attributed.deployment_id = deployment_days.deployment_id
    group by
        attributed.date_day, attributed.deployment_id, attributed.customer_tier, attributed.geography

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
            when 'output_token' then totals.output_token
            when 'request' then totals.request
        end as units
    from totals
    cross join (values ('input_token'), ('cached_input_token'), ('output_token'), ('request')) as kinds (unit)

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
