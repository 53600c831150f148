with ledger as (
    select
        source,
        deployment_id,
        treatment,
        charge_date
    from {{ ref('int_allocation__cost_ledger_daily') }}
    where not starts_with(deployment_id, '(')
),

metered_usage as (
    select
        deployment_id,
        usage_date
    from {{ ref('int_usage__metered_usage_daily') }}
),

gateway_usage as (
    select
        deployment_id,
        usage_date
    from {{ ref('int_usage__gateway_usage_daily') }}
),

coverage as (
    select
        deployment_id,
        observed_seconds,
        expected_seconds,
        usage_date
    from {{ ref('int_usage__telemetry_coverage_daily') }}
),

configurations as (
    select * from {{ ref('int_unit_economics__deployment_configurations') }}
),

source_arrivals as (
    select
        source,
        complete_until
    from {{ ref('int_costs__source_arrivals') }}
    where is_live
),

days as (
    select
        deployment_id,
        charge_date as usage_date,
        true as has_cost,
        treatment = 'direct' as is_billed,
        false as is_metered
    from ledger
    union all
    select
        deployment_id,
        usage_date,
        false as has_cost,
        false as is_billed,
        true as is_metered
    from metered_usage
    union all
    select
        deployment_id,
        usage_date,
        false as has_cost,
        false as is_billed,
        false as is_metered
    from gateway_usage
),

deployment_days as (
    select
        deployment_id,
        bool_or(has_cost) as has_cost,
        bool_or(is_billed) as is_billed,
        bool_or(is_metered) as is_metered,
        usage_date
    from days
    group by deployment_id, usage_date
),

-- A deployment's charges have arrived when those of every source that bills it, directly or through a share, have.
deployment_arrivals as (
    select
        ledger.deployment_id,
        min(source_arrivals.complete_until) as charges_complete_until
    from (select distinct source, deployment_id from ledger) as ledger
    inner join source_arrivals on ledger.source = source_arrivals.source
    group by ledger.deployment_id
),

-- A day outside every validity period still counts the units of its deployment's kind.
deployment_kinds as (
    select
        deployment_id,
        max_by(kind, valid_from) as kind
    from configurations
    group by deployment_id
)

select
    deployment_days.deployment_id,
    configurations.configuration_id,
    coalesce(configurations.environment, '(unattributed)') as environment,
    coalesce(configurations.workload, '(unattributed)') as workload,
    coalesce(configurations.kind, deployment_kinds.kind, 'inference') as kind,
    {% for attribute in deployment_attributes() -%}
    coalesce(configurations.{{ attribute }}, '(unattributed)') as {{ attribute }},
    {% endfor -%}
    -- A hosted model, or training that no exporter knows, has no servers to scrape: a day that its meter reports is covered,
    -- and one that is billed should be.
    case
        when configurations.kind = 'hosted' or (configurations.kind = 'training' and coverage.usage_date is null)
            then case when deployment_days.is_metered then 86400 else 0 end
        else coalesce(coverage.observed_seconds, 0)
    end as observed_seconds,
    case
        when configurations.kind = 'hosted' or (configurations.kind = 'training' and coverage.usage_date is null)
            then case when deployment_days.is_metered or deployment_days.is_billed then 86400 else 0 end
        else coalesce(coverage.expected_seconds, 86400)
    end as expected_seconds,
    deployment_days.has_cost,
    deployment_days.usage_date,
    deployment_arrivals.charges_complete_until
from deployment_days
left join configurations
    on
        deployment_days.deployment_id = configurations.deployment_id
        and deployment_days.usage_date >= configurations.valid_from
        and (deployment_days.usage_date < configurations.valid_to or configurations.valid_to is null)
left join deployment_kinds on deployment_days.deployment_id = deployment_kinds.deployment_id
left join coverage
    on
        deployment_days.deployment_id = coverage.deployment_id
        and deployment_days.usage_date = coverage.usage_date
left join deployment_arrivals on deployment_days.deployment_id = deployment_arrivals.deployment_id
