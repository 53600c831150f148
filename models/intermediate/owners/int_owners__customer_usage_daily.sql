with owners as (

    select
        priority,
        match_value,
        valid_from,
        valid_to
    from {{ ref('cost_owners') }}
    where match_type = 'customer'

),

customers as (

    select
        deployment_id,
        customer_id,
        sum(uncached_input_tokens) as input_token,
        sum(cached_input_tokens) as cached_input_token,
        sum(output_tokens) as output_token,
        sum(requests) as request,
        date_day
    from {{ ref('int_usage__customer_requests_daily') }}
    where deployment_id is not null and exists (select 1 from owners)
    group by deployment_id, customer_id, date_day

),

told as (

    select * from {{ ref('int_usage__gateway_counts_told_daily') }}

),

named as (

    select
        customers.deployment_id,
        customers.customer_id,
        min(owners.priority) as priority,
        customers.date_day
    from customers
    inner join owners
        on customers.customer_id = owners.match_value and {{ in_effect('owners', 'customers.date_day') }}
    group by customers.deployment_id, customers.customer_id, customers.date_day

),

-- all customers that no row names are one; tokens of which the requests do not tell enough are unknown
parts as (

    select
        customers.deployment_id,
        named.priority,
        sum(customers.input_token) as input_token,
        sum(customers.cached_input_token) as cached_input_token,
        sum(customers.output_token) as output_token,
        sum(customers.request) as request,
        told.is_input_told and told.is_cached_told as is_input_told,
        told.is_output_told,
        customers.date_day
    from customers
    inner join told
        on customers.date_day = told.date_day and customers.deployment_id = told.deployment_id
    left join named
        on
            customers.date_day = named.date_day
            and customers.deployment_id = named.deployment_id
            and customers.customer_id = named.customer_id
    group by
        customers.deployment_id, named.priority, told.is_input_told, told.is_cached_told, told.is_output_told,
        customers.date_day

),

seen as (

    select
        parts.deployment_id,
        parts.priority,
        kinds.unit,
        case kinds.unit
            when 'input_token' then case when parts.is_input_told then parts.input_token end
            when 'cached_input_token' then case when parts.is_input_told then parts.cached_input_token end
            when 'output_token' then case when parts.is_output_told then parts.output_token end
            when 'request' then parts.request
        end as units,
        parts.date_day
    from parts
    cross join (values ('input_token'), ('cached_input_token'), ('output_token'), ('request')) as kinds (unit)

),

metered as (

    select * from {{ ref('int_usage__metered_usage_daily') }}

),

-- what was metered and the gateway did not see is nobody's
unseen as (

    select
        metered.deployment_id,
        metered.unit,
        metered.units - coalesce(sum(seen.units), 0) as units,
        metered.date_day
    from metered
    inner join seen
        on
            metered.date_day = seen.date_day
            and metered.deployment_id = seen.deployment_id
            and metered.unit = seen.unit
    group by metered.deployment_id, metered.unit, metered.units, metered.date_day

)

select
    deployment_id,
    priority,
    unit,
    units,
    date_day
from seen
where units > 0
union all
select
    deployment_id,
    cast(null as integer) as priority,
    unit,
    units,
    date_day
from unseen
where units > 0
