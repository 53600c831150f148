with months as (

    select
        source,
        billing_currency,
        cast(date_trunc('month', date_day) as date) as charge_month,
        sum(effective_cost) as effective_cost
    from {{ ref('int_costs__charges_daily') }}
    group by source, billing_currency, cast(date_trunc('month', date_day) as date)

),

deliveries as (

    select
        files.source,
        max(files.modified_at) as newest_file_at
    from {{ ref('stg_focus__files') }} as files
    where files.is_current
    group by files.source

)

select
    months.source,
    months.billing_currency,
    cast(months.effective_cost as {{ money_type() }}) as effective_cost,
    months.charge_month,
    deliveries.newest_file_at
from months
inner join {{ ref('int_costs__source_arrivals') }} as arrivals on months.source = arrivals.source
inner join deliveries on months.source = deliveries.source
where
    arrivals.complete_until
    >= cast(months.charge_month + interval 1 month as date) + cast({{ var('month_close_days') }} as integer)
