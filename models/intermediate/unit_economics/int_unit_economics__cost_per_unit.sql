{{ check_reporting_timezone() }}

with units as (

    select
        unit,
        unit_scale,
        cost_scope in ('token_kind', 'token_total') as is_token_unit,
        cost_scope = 'token_kind' as is_token_kind,
        -- a day that is left out moves a ratio of sums little, and whom one saw in a month much
        case
            when counting = 'distinct' then 1 - {{ var('max_unknown_share') }}
            else {{ var('min_telemetry_coverage') }}
        end as min_counted_share
    from {{ ref('units') }}

),

-- where nothing ran, nothing was missed
periods as (

    select
        *,
        bool_or(effective_cost != 0) over (
            partition by grain, period_start, environment, workload, cohort_dimension, unit
        ) as is_paid_by_others,
        {{ columns(uncounted_reasons(), '{0}_seconds', separator=' + ') }} as uncounted_seconds,
        case greatest(
            {{ columns(uncounted_reasons(), '{0}_seconds') }}
        )
            {{ columns(uncounted_reasons(), "when {0}_seconds then '{0}'", separator=' ') }}
        end as most_uncounted_reason,
        case
            when expected_seconds > 0 then least(cast(observed_seconds as double) / expected_seconds, 1)
            else 1
        end as telemetry_coverage
    from {{ ref('int_unit_economics__periods') }}

),

-- what is missing of the days, by the reason for most of it; then what is wrong with the rest. Days whose bill is not there yet do
-- not count against a period that goes on. A workload can be free, and a kind of token by its weight; a cohort's requests cost
-- something where others' do.
judged as (

    select
        periods.*,
        units.unit_scale,
        units.is_token_unit,
        case
            when periods.counted_seconds + periods.uncounted_seconds = 0 then 'no_cost'
            when
                periods.counted_seconds
                < units.min_counted_share * (periods.counted_seconds + periods.uncounted_seconds)
                and periods.most_uncounted_reason not in ('no_telemetry', 'coverage_below_minimum')
                then periods.most_uncounted_reason
            when
                periods.counted_seconds
                < units.min_counted_share * (periods.counted_seconds + periods.uncounted_seconds)
                or periods.telemetry_coverage < {{ var('min_telemetry_coverage') }}
                then case when periods.telemetry_coverage = 0 then 'no_telemetry' else 'coverage_below_minimum' end
            when periods.has_mixed_ids then 'meter_missing'
            when
                periods.units > 0
                and periods.counted_cost = 0
                and not units.is_token_kind
                and periods.is_paid_by_others
                then 'no_cost'
            when periods.units = 0 then 'no_units'
        end as null_reason
    from periods
    left join units on periods.unit = units.unit

)

select
    grain,
    period_start,
    period_end,
    coalesce(
        period_end <= charges_complete_until
        and period_start >= charges_complete_from
        and is_billed
        and not is_outside_observed_span
        and telemetry_coverage >= {{ var('min_telemetry_coverage') }},
        false
    ) as is_complete,
    environment,
    workload,
    cohort_dimension,
    cohort,
    unit,
    unit_scale,
    units,
    activity_source,
    cast(usage_cost as {{ money_type() }}) as usage_cost,
    cast(unused_commitment_cost as {{ money_type() }}) as unused_commitment_cost,
    cast(idle_cost as {{ money_type() }}) as idle_cost,
    cast(unobserved_cost as {{ money_type() }}) as unobserved_cost,
    cast(shared_cost as {{ money_type() }}) as shared_cost,
    cast(effective_cost as {{ money_type() }}) as effective_cost,
    cast(counted_cost as {{ money_type() }}) as counted_cost,
    case when null_reason is null then {{ cost_per_unit("counted_cost", "units", "unit_scale") }} end as cost_per_unit,
    null_reason,
    case when is_token_unit then token_cost_method end as token_cost_method,
    case
        when null_reason is null and is_token_unit
            then {{ cost_per_unit('least(counted_cost, counted_cost_low)', 'units', 'unit_scale') }}
    end as cost_per_unit_low,
    case
        when null_reason is null and is_token_unit
            then {{ cost_per_unit('greatest(counted_cost, counted_cost_high)', 'units', 'unit_scale') }}
    end as cost_per_unit_high,
    telemetry_coverage,
    '{{ var('reporting_currency') }}' as currency
from judged
