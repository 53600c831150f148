with cohorts as (

    select * from {{ ref('int_books__cohorts_daily') }}

),

distinct_units as (

    select * from {{ ref('int_unit_economics__distinct_units') }}

),

units as (

    select
        unit,
        counting = 'distinct' as is_distinct
    from {{ ref('units') }}

),

-- a period that lies within a closed month is signed as a whole: these are weeks that go on after it
recounted as (

    select distinct
        grains.grain,
        days.environment,
        days.workload,
        days.cohort_dimension,
        days.cohort,
        days.unit,
        {{ period_start('days.date_day', 'grains.grain') }} as period_start
    from {{ ref('int_books__recounted_days') }} as days
    cross join {{ grains() }}

),

periods as (

    select
        grains.grain,
        cohorts.environment,
        cohorts.workload,
        cohorts.cohort_dimension,
        cohorts.cohort,
        cohorts.unit,
        {{ merge_methods('cohorts.token_cost_method') }} as token_cost_method,
        {{ merge_methods('cohorts.activity_source') }} as activity_source,
        sum(cohorts.known_units) as known_units,
        coalesce(sum(cohorts.counted_units), 0) as counted_units,
        sum(cohorts.usage_cost) as usage_cost,
        sum(cohorts.unused_commitment_cost) as unused_commitment_cost,
        sum(cohorts.idle_cost) as idle_cost,
        sum(cohorts.unobserved_cost) as unobserved_cost,
        sum(cohorts.shared_cost) as shared_cost,
        sum(cohorts.effective_cost) as effective_cost,
        sum(cohorts.counted_cost) as counted_cost,
        sum(cohorts.counted_cost_low) as counted_cost_low,
        sum(cohorts.counted_cost_high) as counted_cost_high,
        {{ columns(
            ['observed', 'expected', 'counted'] + uncounted_reasons(),
            'coalesce(sum(cohorts.{0}_seconds), 0) as {0}_seconds'
        ) }},
        bool_and(
            case grains.grain
                when 'day' then cohorts.is_day_billed
                when 'week' then cohorts.is_week_billed
                when 'month' then cohorts.is_month_billed
            end
        ) as is_billed,
        bool_or(cohorts.is_outside_observed_span) as is_outside_observed_span,
        {{ period_start('cohorts.date_day', 'grains.grain') }} as period_start,
        max(cohorts.charges_complete_from) as charges_complete_from,
        min(cohorts.charges_complete_until) as charges_complete_until
    from cohorts
    cross join {{ grains() }}
    group by
        grains.grain,
        cohorts.environment,
        cohorts.workload,
        cohorts.cohort_dimension,
        cohorts.cohort,
        cohorts.unit,
        {{ period_start('cohorts.date_day', 'grains.grain') }}

)

select
    periods.{{ all_but('known_units, counted_units, activity_source') }},
    coalesce(distinct_units.activity_source, periods.activity_source) as activity_source,
    coalesce(distinct_units.activity_source = 'mixed', false) or recounted.unit is not null as has_mixed_ids,
    -- users and sessions are counted over the period itself, days do not add up; nor do the ids of two sources, or of signed days
    -- and other ones
    cast(
        case
            when distinct_units.activity_source = 'mixed' or recounted.unit is not null then null
            when periods.counted_seconds > 0 then coalesce(distinct_units.units, periods.counted_units)
            -- what is known of days of which the cost is not
            when not units.is_distinct then periods.known_units
        end as bigint
    ) as units,
    {{ period_end('periods.period_start', 'periods.grain') }} as period_end
from periods
left join units on periods.unit = units.unit
left join distinct_units
    on
        periods.grain = distinct_units.grain
        and periods.period_start = distinct_units.period_start
        and periods.environment = distinct_units.environment
        and periods.workload = distinct_units.workload
        and periods.cohort_dimension = distinct_units.cohort_dimension
        and periods.cohort = distinct_units.cohort
        and periods.unit = distinct_units.unit
left join recounted
    on
        periods.grain = recounted.grain
        and periods.period_start = recounted.period_start
        and periods.environment = recounted.environment
        and periods.workload = recounted.workload
        and periods.cohort_dimension = recounted.cohort_dimension
        and periods.cohort = recounted.cohort
        and periods.unit = recounted.unit
