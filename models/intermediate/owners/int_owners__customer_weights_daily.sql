with usage as (

    select * from {{ ref('int_owners__customer_usage_daily') }}

),

-- a kind of token is paid for by who used that kind; without such use, by who made requests; else by nobody known. By shares of
-- the cost and not by amounts: who used what is the same, whatever it costs.
token_shares as (

    select
        deployment_id,
        unit,
        cast(weight as {{ wide_integer() }}) as cost,
        date_day
    from {{ ref('int_allocation__token_shares_daily') }}

),

shares as (

    select
        token_shares.deployment_id,
        token_shares.unit,
        coalesce(same_kind.priority, requests.priority) as priority,
        token_shares.cost,
        cast(sum(coalesce(same_kind.units, requests.units, 1)) as {{ wide_integer() }}) as units,
        token_shares.date_day
    from token_shares
    left join usage as same_kind
        on
            token_shares.date_day = same_kind.date_day
            and token_shares.deployment_id = same_kind.deployment_id
            and token_shares.unit = same_kind.unit
    left join usage as requests
        on
            same_kind.units is null
            and token_shares.date_day = requests.date_day
            and token_shares.deployment_id = requests.deployment_id
            and requests.unit = 'request'
    group by
        token_shares.deployment_id,
        token_shares.unit,
        coalesce(same_kind.priority, requests.priority),
        token_shares.cost,
        token_shares.date_day

),

weights as (

    {{ largest_remainder(
        relation='shares',
        amount='cost',
        weight='units',
        partition_by=['date_day', 'deployment_id', 'unit'],
        order_by=['priority nulls last'],
        part='weight'
    ) }}

)

select
    date_day,
    deployment_id,
    priority,
    cast(sum(weight) as {{ wide_integer() }}) as weight
from weights
group by date_day, deployment_id, priority
having sum(weight) > 0
