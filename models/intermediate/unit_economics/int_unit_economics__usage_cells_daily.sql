-- what is divided: how much there was, by whoever counts for the deployment.
with metered_usage as (

    select
        deployment_id,
        unit,
        units,
        date_day
    from {{ ref('int_usage__metered_usage_daily') }}
    where units > 0

),

gateway_usage as (

    select
        deployment_id,
        customer_tier,
        geography,
        unit,
        units,
        date_day
    from {{ ref('int_usage__gateway_usage_daily') }}
    union all
    -- a prompt of which nobody knows what was cached is whose the gateway says its parts are
    select
        deployment_id,
        customer_tier,
        geography,
        'prompt_token' as unit,
        sum(units) as units,
        date_day
    from {{ ref('int_usage__gateway_usage_daily') }}
    where unit in ('input_token', 'cached_input_token')
    group by deployment_id, customer_tier, geography, date_day

),

gateway_totals as (

    select
        deployment_id,
        unit,
        sum(units) as units,
        date_day
    from gateway_usage
    group by deployment_id, unit, date_day

),

-- what was metered and the gateway did not see weighs as much as it is. Where the gateway saw more than was
-- metered, there is no such row, and dividing by its units scales it down to the metered count.
seen_and_unseen as (

    select
        deployment_id,
        customer_tier,
        geography,
        unit,
        units,
        date_day
    from gateway_usage
    union all
    select
        metered_usage.deployment_id,
        '(unattributed)' as customer_tier,
        '(unattributed)' as geography,
        metered_usage.unit,
        metered_usage.units - coalesce(gateway_totals.units, 0) as units,
        metered_usage.date_day
    from metered_usage
    left join gateway_totals
        on
            metered_usage.date_day = gateway_totals.date_day
            and metered_usage.deployment_id = gateway_totals.deployment_id
            and metered_usage.unit = gateway_totals.unit
    where metered_usage.units > coalesce(gateway_totals.units, 0)

),

with_requests as (

    select
        *,
        bool_or(unit = 'request') over (partition by date_day, deployment_id) as has_requests
    from seen_and_unseen

),

-- a gateway sees calls and not the texts in them: embeddings are whose the requests are.
requested as (

    select
        deployment_id,
        customer_tier,
        geography,
        unit,
        units,
        date_day
    from seen_and_unseen
    where unit != 'embedding'
    union all
    select
        deployment_id,
        customer_tier,
        geography,
        'embedding' as unit,
        units,
        date_day
    from with_requests
    where unit = 'request' or (unit = 'embedding' and not has_requests)

),

cells as (

    select
        requested.deployment_id,
        requested.customer_tier,
        requested.geography,
        requested.unit,
        cast(max(metered_usage.units) as {{ wide_integer() }}) as metered_units,
        cast(sum(requested.units) as {{ wide_integer() }}) as weight,
        requested.date_day
    from requested
    inner join metered_usage
        on
            requested.date_day = metered_usage.date_day
            and requested.deployment_id = metered_usage.deployment_id
            and requested.unit = metered_usage.unit
    group by
        requested.deployment_id,
        requested.customer_tier,
        requested.geography,
        requested.unit,
        requested.date_day

),

divided as (

    {{ largest_remainder(
        relation='cells',
        amount='metered_units',
        weight='weight',
        partition_by=['date_day', 'deployment_id', 'unit'],
        order_by=['customer_tier', 'geography'],
        part='units'
    ) }}

)

select
    deployment_id,
    customer_tier,
    geography,
    unit,
    cast(units as bigint) as units,
    date_day
from divided
where units > 0
