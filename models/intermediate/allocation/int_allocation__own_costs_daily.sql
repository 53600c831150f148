with direct_costs as (

    select date_day, source, treatment, deployment_id, effective_cost
    from {{ ref('int_allocation__direct_costs_daily') }}
    where deployment_id not like '(%'

),

missing_days as (

    select source, date_day
    from {{ ref('int_costs__missing_days') }}

),

capacity_coverage as (

    select date_day, deployment_id, is_watched, is_billed
    from {{ ref('int_allocation__capacity_coverage_daily') }}

),

usage_coverage as (

    select date_day, deployment_id, observed_seconds, expected_seconds
    from {{ ref('int_usage__usage_coverage_daily') }}
    where deployment_id not like '(%'

),

metered_usage as (

    select distinct date_day, deployment_id
    from {{ ref('int_usage__metered_usage_daily') }}
    where units > 0

),

owners as (

    select deployment_id, bool_or(treatment = 'pool') as has_pool
    from direct_costs
    group by deployment_id

),

cost_days as (

    select date_day, deployment_id, sum(effective_cost) as effective_cost
    from direct_costs
    group by date_day, deployment_id

),

days as (

    select date_day, deployment_id from cost_days
    union
    select date_day, deployment_id from usage_coverage

),

-- a day on which a bill that pays for the deployment is not there
unbilled_days as (

    select distinct missing_days.date_day, own_sources.deployment_id
    from (select distinct source, deployment_id from direct_costs) as own_sources
    inner join missing_days on own_sources.source = missing_days.source

),

judged as (

    select
        days.date_day,
        days.deployment_id,
        cost_days.effective_cost,
        unbilled_days.date_day is null as is_bill_there,
        coalesce(capacity_coverage.is_watched, true) as is_watched,
        coalesce(capacity_coverage.is_billed, true) as is_billed,
        owners.deployment_id is not null as is_owner,
        metered_usage.date_day is not null or coalesce(usage_coverage.observed_seconds, 0) > 0 as is_seen,
        -- a bill that charges the deployment itself, and does not on a day, says that it did not run
        coalesce(usage_coverage.expected_seconds, 0) > 0 and coalesce(owners.has_pool, true) as is_expected
    from days
    left join cost_days
        on days.date_day = cost_days.date_day and days.deployment_id = cost_days.deployment_id
    left join unbilled_days
        on days.date_day = unbilled_days.date_day and days.deployment_id = unbilled_days.deployment_id
    left join capacity_coverage
        on
            days.date_day = capacity_coverage.date_day
            and days.deployment_id = capacity_coverage.deployment_id
    left join usage_coverage
        on days.date_day = usage_coverage.date_day and days.deployment_id = usage_coverage.deployment_id
    left join metered_usage
        on days.date_day = metered_usage.date_day and days.deployment_id = metered_usage.deployment_id
    left join owners on days.deployment_id = owners.deployment_id

)

select
    date_day,
    deployment_id,
    cast(coalesce(effective_cost, 0) as {{ money_type() }}) as effective_cost,
    is_bill_there,
    is_watched,
    -- where nobody watched the pools, nobody can say that a cost is missing
    is_billed
    and (effective_cost is not null or not is_owner or not is_watched or not (is_seen or is_expected)) as is_billed,
    effective_cost is not null or is_seen or is_expected or not is_bill_there as is_expected
from judged
