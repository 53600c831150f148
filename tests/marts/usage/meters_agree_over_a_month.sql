-- over a month what a single day cannot even out does: whatever the cause, two meters that differ by more than
-- metering_tolerance deserve a look. Days on which one of them is silent are left out on both sides.
{{ config(severity='warn') }}

with months as (

    select
        deployment_id,
        unit,
        meter,
        sum(units) as units,
        sum(reference_units) as reference_units,
        date_trunc('month', date_day) as month_start
    from {{ ref('fct_metering_audit') }}
    where
        difference is not null
        and meter != 'training_log_executed'
    group by deployment_id, unit, meter, date_trunc('month', date_day)

),

requests as (

    select
        deployment_id,
        max(reference_units) as reference_requests,
        month_start
    from months
    where unit = 'request'
    group by deployment_id, month_start

)

select months.*
from months
left join requests
    on months.deployment_id = requests.deployment_id and months.month_start = requests.month_start
where
    -- a month of twelve requests has no two per cent
    abs(months.units - months.reference_units) > greatest(
        {{ var('metering_tolerance') }} * months.reference_units,
        {{ var('metering_tolerance_requests') }} * months.reference_units
        / nullif(cast(requests.reference_requests as double), 0)
    )
