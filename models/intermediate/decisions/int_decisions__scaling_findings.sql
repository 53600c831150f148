with finding_period as (

    select * from {{ ref('int_decisions__finding_period') }}

),

-- a workload is told by one unit: the first of these that regressed.
regressed as (

    select
        *,
        row_number() over (
            partition by environment, workload
            order by
                case unit
                    when 'output_token' then 1
                    when 'embedding' then 2
                    when 'training_token' then 3
                    when 'token' then 4
                    when 'request' then 5
                    else 6
                end,
                unit
        ) as rank
    from {{ ref('fct_scaling_verdict') }}
    where verdict = 'regressed' and cost_per_unit_change > 0

),

costs as (

    select
        costs.environment,
        costs.workload,
        sum(costs.effective_cost) as effective_cost
    from {{ ref('fct_deployment_costs_daily') }} as costs
    inner join finding_period
        on
            costs.date_day >= finding_period.period_start
            and costs.date_day < finding_period.period_end
    group by costs.environment, costs.workload

),

monthly as (

    select
        regressed.*,
        {{ per_month('costs.effective_cost', 'finding_period.month_days') }} as monthly_cost
    from regressed
    cross join finding_period
    left join costs on regressed.environment = costs.environment and regressed.workload = costs.workload
    where regressed.rank = 1

)

select
    'scaling_regressed' as finding_kind,
    environment || ':' || workload as thing,
    environment,
    workload,
    workload as subject,
    {{ percent_text('cost_per_unit_change') }} as measure,
    replace(unit, '_', ' ') as compared_with,
    weeks || ' weeks' as moment,
    {{ map_of({'environment': 'environment', 'workload': 'workload', 'unit': 'unit'}) }} as evidence,
    -- what the month would have cost at the cost per unit that it began with
    {{ amount_of_effect('monthly_cost', 'cost_per_unit_change') }} as amount_per_month,
    cast(null as {{ money_type() }}) as amount_per_month_low,
    cast(null as {{ money_type() }}) as amount_per_month_high,
    as_of_date - cast(7 * weeks as integer) as period_start,
    as_of_date as period_end
from monthly
