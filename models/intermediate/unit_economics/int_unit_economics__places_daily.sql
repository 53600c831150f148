with

deployment_days as (
    select * from {{ ref('int_unit_economics__deployment_days') }}
),

uncounted_days as (
    select distinct
        deployment_id,
        date_day
    from {{ ref('int_unit_economics__counted_days') }}
    where null_reason is not null or attribution_null_reason is not null
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
),

-- a cohort of a week or month lacks the days on which nobody could see it
{%- for grain in ['weekly', 'monthly'] %}
{{ grain }}_places as (
    select distinct
        deployment_id,
        customer_tier,
        geography,
        {{ period_start('date_day', grain) }} as period_start
    from seen_places
),
{%- endfor %}

unseen_places as (
    {%- for grain in ['weekly', 'monthly'] %}
    select
        {{ grain }}_places.deployment_id,
        {{ grain }}_places.customer_tier,
        {{ grain }}_places.geography,
        uncounted_days.date_day
    from uncounted_days
    inner join {{ grain }}_places
        on
            uncounted_days.deployment_id = {{ grain }}_places.deployment_id
            and {{ period_start('uncounted_days.date_day', grain) }} = {{ grain }}_places.period_start
    union
    {%- endfor %}
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
