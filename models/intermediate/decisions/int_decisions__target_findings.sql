with statuses as (

    select
        *,
        max(case when status in ('met', 'at_risk') then period_start end) over (partition by target_id) as last_met
    from {{ ref('fct_target_status') }}

),

outlooks as (

    select * from {{ ref('fct_target_outlook') }}

),

-- how long it has been missed, without a period in between in which it was not
runs as (

    select
        target_id,
        count(*) as breached_periods
    from statuses
    where status = 'breached' and period_start > coalesce(last_met, date '0001-01-01')
    group by target_id

),

missed as (

    select
        statuses.*,
        runs.breached_periods,
        statuses.grain = 'month' and statuses.is_complete as is_whole_month
    from statuses
    inner join runs on statuses.target_id = runs.target_id
    where statuses.is_current and statuses.status = 'breached'

),

-- what its units cost above the limit, and so much of it as thirty days have
exceeded as (

    select
        *,
        {{ columns(
            ['', '_lower', '_upper'],
            amount_at_price('(cost_per_unit{0} - max_cost_per_unit)', 'units', 'unit_scale') ~ ' as excess{0}'
        ) }},
        case when is_whole_month then 30 else settled_days end as month_days
    from missed

),

-- what is missed today is not forecast besides
expected as (

    select
        *,
        coalesce(expected_breach, earliest_breach) as breached_on
    from outlooks
    where
        status in ('breach_expected', 'at_risk')
        and target_id not in (select missed.target_id from missed)

),

-- a target whose limit changes soon has an outlook a limit: what is expected is told before what may be, the first of it
ranked as (

    select
        *,
        row_number() over (
            partition by target_id order by status = 'breach_expected' desc, breached_on, max_cost_per_unit
        ) as rank
    from expected

)

select
    'target_missed' as finding_kind,
    target_id as thing,
    environment,
    workload,
    target_id as subject,
    {{ unit_cost_text('cost_per_unit') }} as measure,
    {{ unit_cost_text('max_cost_per_unit') }} as compared_with,
    case
        when breached_periods = 1 then 'in the ' || grain || ' from ' || {{ date_text('period_start', '%Y-%m-%d') }}
        else 'for ' || breached_periods || ' ' || grain || 's in a row'
    end as moment,
    {{ map_of({'target_id': 'target_id', 'period_start': date_text('period_start', '%Y-%m-%d')}) }} as evidence,
    {{ per_month('excess', 'month_days') }} as amount_per_month,
    {{ per_month('excess_lower', 'month_days') }} as amount_per_month_low,
    {{ per_month('excess_upper', 'month_days') }} as amount_per_month_high,
    period_start,
    period_end
from exceeded

union all

-- money is told where it is known: a forecast of a target has no units of its own.
select
    case status when 'breach_expected' then 'target_miss_expected' else 'target_at_risk' end as finding_kind,
    target_id as thing,
    environment,
    workload,
    target_id as subject,
    cast(null as string) as measure,
    {{ unit_cost_text('max_cost_per_unit') }} as compared_with,
    {{ date_text('breached_on', '%Y-%m-%d') }} as moment,
    {{ map_of({'target_id': 'target_id'}) }} as evidence,
    cast(null as {{ money_type() }}) as amount_per_month,
    cast(null as {{ money_type() }}) as amount_per_month_low,
    cast(null as {{ money_type() }}) as amount_per_month_high,
    as_of_date as period_start,
    cast(null as date) as period_end
from ranked
where rank = 1
