with deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

counted_days as (

    select * from {{ ref('int_unit_economics__counted_days') }}

),

uncounted_days as (

    select distinct
        deployment_id,
        date_day
    from counted_days
    where null_reason is not null or attribution_null_reason is not null

),

-- any of a workload's deployments may have served whom product activity saw
product_places as (

    select distinct
        deployment_days.deployment_id,
        product_places.customer_tier,
        product_places.geography,
        deployment_days.date_day
    from {{ ref('int_usage__product_places_daily') }} as product_places
    inner join deployment_days
        on
            product_places.workload = deployment_days.workload
            and product_places.date_day = deployment_days.date_day
    inner join counted_days
        on
            deployment_days.deployment_id = counted_days.deployment_id
            and deployment_days.date_day = counted_days.date_day
            and product_places.unit = counted_days.unit
    where counted_days.activity_source in ('product', 'both')

),

-- where the gateway saw somebody, users and sessions are counted, even if its tokens round to none
seen_places as (

    select deployment_id, customer_tier, geography, date_day
    from {{ ref('int_unit_economics__usage_cells_daily') }}
    union
    select deployment_id, customer_tier, geography, date_day
    from {{ ref('int_usage__gateway_usage_daily') }}
    union
    select deployment_id, customer_tier, geography, date_day
    from {{ ref('int_unit_economics__cost_cells_daily') }}
    union
    select deployment_id, customer_tier, geography, date_day
    from product_places

),

-- a cohort of a week or month lacks the days on which nobody could see it
period_places as (

    select distinct
        grains.grain,
        seen_places.deployment_id,
        seen_places.customer_tier,
        seen_places.geography,
        {{ period_start('seen_places.date_day', 'grains.grain') }} as period_start
    from seen_places
    cross join {{ grains() }}

),

unseen_places as (

    select
        period_places.deployment_id,
        period_places.customer_tier,
        period_places.geography,
        uncounted_days.date_day
    from uncounted_days
    inner join period_places
        on
            uncounted_days.deployment_id = period_places.deployment_id
            and {{ period_start('uncounted_days.date_day', 'period_places.grain') }} = period_places.period_start
    union
    -- whose a day is that has neither cost nor usage, nobody knows
    select
        deployment_days.deployment_id,
        '(unattributed)' as customer_tier,
        '(unattributed)' as geography,
        deployment_days.date_day
    from deployment_days
    left join seen_places
        on
            deployment_days.deployment_id = seen_places.deployment_id
            and deployment_days.date_day = seen_places.date_day
    where seen_places.deployment_id is null

)

select deployment_id, customer_tier, geography, date_day
from seen_places
union
select deployment_id, customer_tier, geography, date_day
from unseen_places
