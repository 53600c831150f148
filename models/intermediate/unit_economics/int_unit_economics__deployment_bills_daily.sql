with ledger as (

    select * from {{ ref('int_allocation__cost_ledger_daily') }}
    where deployment_id not like '(%'

),

source_arrivals as (

    select * from {{ ref('int_costs__source_arrivals') }}

),

missing_bills as (

    select * from {{ ref('int_unit_economics__missing_bills') }}

),

own_costs as (

    select * from {{ ref('int_allocation__own_costs_daily') }}

),

usage_coverage as (

    select * from {{ ref('int_usage__usage_coverage_daily') }}

),

capacity_coverage as (

    select * from {{ ref('int_allocation__capacity_coverage_daily') }}

),

uncertain_costs as (

    select * from {{ ref('int_allocation__uncertain_costs_daily') }}

),

cost_days as (

    select
        deployment_id,
        sum(effective_cost) as effective_cost,
        date_day
    from ledger
    group by deployment_id, date_day

),

-- from when to when a deployment is billed at all, and to when by every source that still pays for it
bills as (

    select
        ledger.deployment_id,
        min(source_arrivals.complete_from) as complete_from,
        max(source_arrivals.complete_until) as billed_until,
        min(source_arrivals.complete_until) filter (where source_arrivals.is_live) as complete_until
    from (select distinct source, deployment_id from ledger) as ledger
    inner join source_arrivals on ledger.source = source_arrivals.source
    group by ledger.deployment_id

),

expected_days as (

    select
        usage_coverage.deployment_id,
        usage_coverage.date_day
    from usage_coverage
    inner join bills
        on
            usage_coverage.deployment_id = bills.deployment_id
            and usage_coverage.date_day >= bills.complete_from
            and usage_coverage.date_day < bills.billed_until
    inner join own_costs
        on
            usage_coverage.deployment_id = own_costs.deployment_id
            and usage_coverage.date_day = own_costs.date_day
    where usage_coverage.expected_seconds > 0 and own_costs.is_expected

),

days as (

    select deployment_id, date_day from cost_days
    union
    select deployment_id, date_day from {{ ref('int_usage__metered_usage_daily') }}
    union
    select deployment_id, date_day from {{ ref('int_usage__gateway_usage_daily') }}
    union
    select deployment_id, date_day from expected_days

),

judged as (

    select
        days.deployment_id,
        days.date_day,
        cost_days.date_day is not null as has_cost,
        missing_bills.date_day is null as is_bill_there,
        coalesce(own_costs.is_billed, true) as is_billed,
        coalesce(own_costs.is_watched, true) as is_watched,
        -- a charge that is spread over months ahead expects nobody to have run already
        coalesce(own_costs.is_expected, true)
        and (usage_coverage.date_day is not null or coalesce(days.date_day < bills.billed_until, true))
            as is_expected,
        coalesce(capacity_coverage.capacity_seconds, 0) as capacity_seconds,
        coalesce(capacity_coverage.unobserved_seconds, 0) as unobserved_seconds,
        coalesce(uncertain_costs.uncertain_cost, 0)
        <= {{ var('max_unknown_share') }} * abs(coalesce(cost_days.effective_cost, 0)) as is_share_known,
        bills.complete_from,
        bills.complete_until
    from days
    left join bills on days.deployment_id = bills.deployment_id
    left join usage_coverage
        on days.deployment_id = usage_coverage.deployment_id and days.date_day = usage_coverage.date_day
    left join cost_days on days.deployment_id = cost_days.deployment_id and days.date_day = cost_days.date_day
    left join missing_bills
        on days.deployment_id = missing_bills.deployment_id and days.date_day = missing_bills.date_day
    left join own_costs
        on days.deployment_id = own_costs.deployment_id and days.date_day = own_costs.date_day
    left join capacity_coverage
        on days.deployment_id = capacity_coverage.deployment_id and days.date_day = capacity_coverage.date_day
    left join uncertain_costs
        on days.deployment_id = uncertain_costs.deployment_id and days.date_day = uncertain_costs.date_day

)

select
    deployment_id,
    has_cost,
    is_bill_there,
    is_expected,
    case
        when not is_bill_there or not is_billed or (not has_cost and is_watched) then 'no_cost'
        when not is_watched and unobserved_seconds = capacity_seconds then 'no_telemetry'
        when not is_watched or not is_share_known then 'coverage_below_minimum'
    end as null_reason,
    capacity_seconds,
    unobserved_seconds,
    date_day,
    complete_from as charges_complete_from,
    complete_until as charges_complete_until
from judged
