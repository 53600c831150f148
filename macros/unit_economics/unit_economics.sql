{# The three facts differ in nothing but their period. Grain: daily, weekly or monthly. #}
{% macro unit_economics(grain) %}
{{ check_reporting_timezone() }}
with cohorts as (
    select * from {{ ref('int_unit_economics__cohorts_daily') }}
),

distinct_units as (
    select
        environment,
        workload,
        cohort_dimension,
        cohort,
        unit,
        units,
        period_start
    from {{ ref('int_unit_economics__distinct_units') }}
    where grain = '{{ grain }}'
),

units as (
    select
        unit,
        unit_scale,
        cost_scope in ('token_kind', 'token_total') as is_token_unit,
        cost_scope = 'token_kind' as is_token_kind
    from {{ ref('units') }}
),

billed_from as (
    select min(complete_from) as complete_from
    from {{ ref('int_costs__source_arrivals') }}
),

periods as (
    select
        environment,
        workload,
        cohort_dimension,
        cohort,
        unit,
        {{ merge_methods('token_cost_method') }} as token_cost_method,
        sum(units) as units,
        {% for origin in cost_origins() -%}
        sum({{ origin }}_cost) as {{ origin }}_cost,
        {% endfor -%}
        sum(effective_cost) as effective_cost,
        sum(effective_cost_low) as effective_cost_low,
        sum(effective_cost_high) as effective_cost_high,
        sum(observed_seconds) as observed_seconds,
        sum(expected_seconds) as expected_seconds,
        bool_or(has_cost) as has_cost,
        {{ period_start('usage_date', grain) }} as period_start,
        min(charges_complete_until) as charges_complete_until
    from cohorts
    group by environment, workload, cohort_dimension, cohort, unit, {{ period_start('usage_date', grain) }}
),

-- Users and sessions are counted over the period itself; days do not add up. Where nothing ran, nothing was missed.
counted as (
    select
        periods.* exclude (units),
        units.unit_scale,
        units.is_token_unit,
        units.is_token_kind,
        cast(coalesce(distinct_units.units, periods.units) as bigint) as units,
        {{ period_end('periods.period_start', grain) }} as period_end,
        bool_or(periods.effective_cost != 0) over (
            partition by
                periods.period_start, periods.environment, periods.workload, periods.cohort_dimension, periods.unit
        ) as is_paid_by_others,
        case
            when periods.expected_seconds > 0
                then least(cast(periods.observed_seconds as double) / periods.expected_seconds, 1)
            else 1
        end as telemetry_coverage
    from periods
    left join units on periods.unit = units.unit
    left join distinct_units
        on
            periods.period_start = distinct_units.period_start
            and periods.environment = distinct_units.environment
            and periods.workload = distinct_units.workload
            and periods.cohort_dimension = distinct_units.cohort_dimension
            and periods.cohort = distinct_units.cohort
            and periods.unit = distinct_units.unit
),

-- The first reason that applies: what is missing on the cost side, then on the usage side, then what is too thin.
-- A workload can be free, and a kind of token by its weight; a cohort's requests cost something where others' do.
judged as (
    select
        *,
        case
            when not has_cost then 'no_cost'
            when units > 0 and effective_cost = 0 and not is_token_kind and is_paid_by_others then 'no_cost'
            when units = 0 and telemetry_coverage = 0 then 'no_telemetry'
            when units = 0 then 'no_units'
            when telemetry_coverage < {{ var('min_telemetry_coverage') }} then 'coverage_below_minimum'
        end as null_reason
    from counted
)

select
    judged.period_start,
    judged.period_end,
    coalesce(
        judged.period_end <= judged.charges_complete_until
        and judged.period_start >= billed_from.complete_from
        and judged.telemetry_coverage >= {{ var('min_telemetry_coverage') }},
        false
    ) as is_complete,
    judged.environment,
    judged.workload,
    judged.cohort_dimension,
    judged.cohort,
    judged.unit,
    judged.unit_scale,
    judged.units,
    {% for origin in cost_origins() -%}
    cast(judged.{{ origin }}_cost as {{ money_type() }}) as {{ origin }}_cost,
    {% endfor -%}
    cast(judged.effective_cost as {{ money_type() }}) as effective_cost,
    case
        when judged.null_reason is null
            then {{ cost_per_unit("judged.effective_cost", "judged.units", "judged.unit_scale") }}
    end as cost_per_unit,
    judged.null_reason,
    case when judged.is_token_unit then judged.token_cost_method end as token_cost_method,
    {% for bound, extreme in [('low', 'least'), ('high', 'greatest')] -%}
    case
        when judged.null_reason is null and judged.is_token_unit
            then {{ cost_per_unit(
                extreme ~ '(judged.effective_cost, judged.effective_cost_' ~ bound ~ ')', 'judged.units', 'judged.unit_scale'
            ) }}
    end as cost_per_unit_{{ bound }},
    {% endfor -%}
    judged.telemetry_coverage,
    '{{ var('reporting_currency') }}' as currency
from judged
cross join billed_from
{% endmacro %}
