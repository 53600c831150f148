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
        cost_scope = 'token_kind' as is_token_kind,
        counting = 'distinct' as is_distinct,
        -- A day that is left out moves a ratio of sums little, and whom one saw in a month much.
        case
            when counting = 'distinct' then 1 - {{ var('max_unknown_share') }}
            else {{ var('min_telemetry_coverage') }}
        end as min_counted_share
    from {{ ref('units') }}
),

periods as (
    select
        environment,
        workload,
        cohort_dimension,
        cohort,
        unit,
        {{ merge_methods('token_cost_method') }} as token_cost_method,
        sum(known_units) as known_units,
        coalesce(sum(counted_units), 0) as counted_units,
        {% for origin in cost_origins() -%}
        sum({{ origin }}_cost) as {{ origin }}_cost,
        {% endfor -%}
        {% for cost in ['effective_cost', 'counted_cost', 'counted_cost_low', 'counted_cost_high'] -%}
        sum({{ cost }}) as {{ cost }},
        {% endfor -%}
        {% for seconds in ['observed', 'expected', 'counted'] + uncounted_reasons() -%}
        coalesce(sum({{ seconds }}_seconds), 0) as {{ seconds }}_seconds,
        {% endfor -%}
        bool_and(is_billed_{{ grain }}) as is_billed,
        bool_or(is_outside_observed_span) as is_outside_observed_span,
        {{ period_start('date_day', grain) }} as period_start,
        max(charges_complete_from) as charges_complete_from,
        min(charges_complete_until) as charges_complete_until
    from cohorts
    group by environment, workload, cohort_dimension, cohort, unit, {{ period_start('date_day', grain) }}
),

-- Users and sessions are counted over the period itself; days do not add up. Where nothing ran, nothing was missed.
counted as (
    select
        periods.*,
        units.unit_scale,
        units.is_token_unit,
        units.is_token_kind,
        units.min_counted_share,
        cast(
            case
                when periods.counted_seconds > 0 then coalesce(distinct_units.units, periods.counted_units)
                -- What is known of days of which the cost is not.
                when not units.is_distinct then periods.known_units
            end as bigint
        ) as units,
        {{ period_end('periods.period_start', grain) }} as period_end,
        bool_or(periods.effective_cost != 0) over (
            partition by
                periods.period_start, periods.environment, periods.workload, periods.cohort_dimension, periods.unit
        ) as is_paid_by_others,
        {% for reason in uncounted_reasons() -%}
        periods.{{ reason }}_seconds{{ ' +' if not loop.last else ' as uncounted_seconds,' }}
        {% endfor -%}
        case greatest(
            {%- for reason in uncounted_reasons() %}periods.{{ reason }}_seconds{{ ', ' if not loop.last }}{% endfor -%}
        )
            {% for reason in uncounted_reasons() -%}
            when periods.{{ reason }}_seconds then '{{ reason }}'
            {% endfor -%}
        end as most_uncounted_reason,
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

-- What is missing of the days, by the reason for most of it; then what is wrong with the rest. Days whose bill is not there yet do
-- not count against a period that goes on. A workload can be free, and a kind of token by its weight; a cohort's requests cost
-- something where others' do.
judged as (
    select
        *,
        case
            when counted_seconds + uncounted_seconds = 0 then 'no_cost'
            when
                counted_seconds < min_counted_share * (counted_seconds + uncounted_seconds)
                and most_uncounted_reason not in ('no_telemetry', 'coverage_below_minimum')
                then most_uncounted_reason
            when
                counted_seconds < min_counted_share * (counted_seconds + uncounted_seconds)
                or telemetry_coverage < {{ var('min_telemetry_coverage') }}
                then case when telemetry_coverage = 0 then 'no_telemetry' else 'coverage_below_minimum' end
            when units > 0 and counted_cost = 0 and not is_token_kind and is_paid_by_others then 'no_cost'
            when units = 0 then 'no_units'
        end as null_reason
    from counted
)

select
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
    {% for origin in cost_origins() -%}
    cast({{ origin }}_cost as {{ money_type() }}) as {{ origin }}_cost,
    {% endfor -%}
    cast(effective_cost as {{ money_type() }}) as effective_cost,
    cast(counted_cost as {{ money_type() }}) as counted_cost,
    case when null_reason is null then {{ cost_per_unit("counted_cost", "units", "unit_scale") }} end as cost_per_unit,
    null_reason,
    case when is_token_unit then token_cost_method end as token_cost_method,
    {% for bound, extreme in [('low', 'least'), ('high', 'greatest')] -%}
    case
        when null_reason is null and is_token_unit
            then {{ cost_per_unit(extreme ~ '(counted_cost, counted_cost_' ~ bound ~ ')', 'units', 'unit_scale') }}
    end as cost_per_unit_{{ bound }},
    {% endfor -%}
    telemetry_coverage,
    '{{ var('reporting_currency') }}' as currency
from judged
{% endmacro %}
