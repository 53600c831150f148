with finding_period as (

    select * from {{ ref('int_decisions__finding_period') }}

),

releases as (

    select * from {{ ref('fct_release_impact') }}
    where is_newest and verdict in ('fail', 'warn')

),

totals as (

    select * from {{ ref('int_decisions__change_totals') }}

),

-- what the days after cost, as thirty days
costs as (

    select
        releases.*,
        {{ per_month('totals.repriced_cost_after', 'totals.settled_days_after') }} as monthly_cost
    from releases
    inner join finding_period on finding_period.bill_until - 90 <= releases.released_on
    left join totals on releases.change_id = totals.change_id

)

select
    case verdict when 'fail' then 'release_failed' else 'release_in_doubt' end as finding_kind,
    change_id as thing,
    environment,
    workload,
    release || ' of ' || deployment_id as subject,
    {{ percent_text('effect') }} as measure,
    {{ percent_text('threshold') }} as compared_with,
    {{ date_text('released_on', '%Y-%m-%d') }} as moment,
    {{ map_of({'change_id': 'change_id'}) }} as evidence,
    {{ amount_of_effect('monthly_cost', 'effect') }} as amount_per_month,
    {{ amount_of_effect('monthly_cost', 'effect_lower') }} as amount_per_month_low,
    {{ amount_of_effect('monthly_cost', 'effect_upper') }} as amount_per_month_high,
    released_on as period_start,
    looked_until as period_end
from costs
