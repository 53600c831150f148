with bills as (

    select * from {{ ref('int_unit_economics__deployment_bills_daily') }}

),

usage_coverage as (

    select * from {{ ref('int_usage__usage_coverage_daily') }}

),

configurations as (

    select * from {{ ref('int_unit_economics__deployment_configurations') }}

),

missing_bills as (

    select * from {{ ref('int_unit_economics__missing_bills') }}

),

deployment_kinds as (

    select * from {{ ref('int_usage__deployment_kinds') }}

),

missing_bill_periods as (

    select distinct
        grains.grain,
        missing_bills.deployment_id,
        {{ period_start('missing_bills.date_day', 'grains.grain') }} as period_start
    from missing_bills
    cross join {{ grains() }}

),

-- what nobody watched of the pools bounds what anybody saw
observed as (

    select
        bills.deployment_id,
        bills.date_day,
        case when bills.is_expected then coalesce(usage_coverage.expected_seconds, 86400) else 0 end
            as expected_seconds,
        case when bills.is_expected then coalesce(usage_coverage.observed_seconds, 0) else 0 end as observed_seconds,
        coalesce(usage_coverage.is_known, false) or not bills.is_expected as is_usage_known
    from bills
    left join usage_coverage
        on bills.deployment_id = usage_coverage.deployment_id and bills.date_day = usage_coverage.date_day

)

select
    bills.deployment_id,
    configurations.configuration_id,
    coalesce(configurations.environment, '(unattributed)') as environment,
    coalesce(configurations.workload, '(unattributed)') as workload,
    coalesce(configurations.kind, deployment_kinds.kind, 'inference') as kind,
    {{ columns(deployment_attributes(), "coalesce(configurations.{0}, '(unattributed)') as {0}") }},
    configurations.labels,
    observed.observed_seconds,
    observed.expected_seconds,
    bills.capacity_seconds,
    bills.unobserved_seconds,
    bills.has_cost,
    bills.null_reason as cost_null_reason,
    observed.is_usage_known,
    bills.is_bill_there as is_day_billed,
    missing_weeks.deployment_id is null as is_week_billed,
    missing_months.deployment_id is null as is_month_billed,
    bills.date_day,
    bills.charges_complete_from,
    bills.charges_complete_until
from bills
inner join observed on bills.deployment_id = observed.deployment_id and bills.date_day = observed.date_day
left join configurations
    on
        bills.deployment_id = configurations.deployment_id
        and {{ in_effect('configurations', 'bills.date_day') }}
left join deployment_kinds on bills.deployment_id = deployment_kinds.deployment_id
left join missing_bill_periods as missing_weeks
    on
        bills.deployment_id = missing_weeks.deployment_id
        and missing_weeks.grain = 'week'
        and {{ period_start('bills.date_day', "'week'") }} = missing_weeks.period_start
left join missing_bill_periods as missing_months
    on
        bills.deployment_id = missing_months.deployment_id
        and missing_months.grain = 'month'
        and {{ period_start('bills.date_day', "'month'") }} = missing_months.period_start
