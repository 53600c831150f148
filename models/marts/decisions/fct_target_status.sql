{# One-sided 95 % of Student's t with the 20 degrees of freedom that 28 days leave. #}
{% set quantile = 1.725 %}
with target_periods as (

    select * from {{ ref('int_decisions__target_periods') }}

),

noise as (

    select * from {{ ref('int_decisions__target_noise') }}

),

reach as (

    select coalesce(known_until, date '0001-01-01') as known_until
    from {{ ref('int_decisions__reach') }}

),

-- the longer the period, the more of its noise averages out
bounded as (

    select
        target_periods.*,
        {{ quantile }} * noise.relative_daily_error / sqrt(target_periods.settled_days) as margin
    from target_periods
    left join noise
        on
            target_periods.target_id = noise.target_id
            and target_periods.period_start = noise.period_start

),

-- the margin is floating and the cost is not: without a margin its last digits would lie beyond its bounds
compared as (

    select
        *,
        case
            when margin is not null
                then least(cost_per_unit, cast(cost_per_unit - abs(cost_per_unit) * margin as {{ money_type() }}))
        end as cost_per_unit_lower,
        case
            when margin is not null
                then greatest(cost_per_unit, cast(cost_per_unit + abs(cost_per_unit) * margin as {{ money_type() }}))
        end as cost_per_unit_upper,
        {{ cost_per_unit('max_cost_per_unit', 'unit_scale', 'month_to_date_units') }} as month_to_date_allowance
    from bounded

),

judged as (

    select
        *,
        case
            when cost_per_unit is null and settled_days = 0 then 'no_settled_day'
            when cost_per_unit is null then coalesce(null_reason, 'no_settled_day')
            when margin is null and not is_complete then 'too_few_days'
            when margin is null and {{ is_above('cost_per_unit', 'max_cost_per_unit') }} then 'above_limit'
            when margin is null then 'within_limit'
            when {{ is_above('cost_per_unit_lower', 'max_cost_per_unit') }} then 'above_limit'
            when not {{ is_above('cost_per_unit_upper', 'max_cost_per_unit') }} then 'within_limit'
            else 'interval_spans_limit'
        end as status_reason
    from compared

),

newest as (

    select
        *,
        max(case when cost_per_unit is not null then period_start end) over (partition by target_id) as newest_period
    from judged

),

-- the newest period with a figure, unless the target has ended or the figure is of long ago: both say nothing of today
looked_at as (

    select
        newest.*,
        coalesce(newest.period_start = newest.newest_period, false)
        and coalesce(newest.valid_to >= reach.known_until, true)
        and newest.period_end + interval 31 day >= reach.known_until as is_current
    from newest
    cross join reach

)

select
    target_id,
    period_start,
    period_end,
    is_complete,
    is_current,
    '{{ var('target_environment') }}' as environment,
    workload,
    cohort_dimension,
    cohort,
    unit,
    unit_scale,
    grain,
    severity,
    case status_reason
        when 'within_limit' then 'met'
        when 'above_limit' then 'breached'
        when 'interval_spans_limit' then 'at_risk'
        when 'too_few_days' then 'at_risk'
        else 'no_data'
    end as status,
    status_reason,
    units,
    effective_cost,
    cost_per_unit,
    cost_per_unit_lower,
    cost_per_unit_upper,
    max_cost_per_unit,
    cast(max_cost_per_unit - cost_per_unit as {{ money_type() }}) as headroom,
    1 - cost_per_unit / max_cost_per_unit as headroom_ratio,
    cast(settled_days as bigint) as settled_days,
    cast(days_in_breach as bigint) as days_in_breach,
    month_to_date_cost,
    month_to_date_allowance,
    month_to_date_cost / nullif(month_to_date_allowance, 0) as allowance_burn,
    '{{ var('reporting_currency') }}' as currency
from looked_at
