with charge_months as (

    select distinct
        source,
        cast(date_trunc('month', date_day) as date) as charge_month
    from {{ ref('int_costs__charges_daily') }}

),

months as (

    select distinct charge_month
    from charge_months

),

arrivals as (

    select
        source,
        is_live,
        complete_from,
        complete_until
    from {{ ref('int_costs__source_arrivals') }}

),

-- what FOCUS 1.4 says of a billing period, as it was last updated
statuses as (

    select
        source,
        invoiceissuername as invoice_issuer_name,
        cast(date_trunc('month', try_cast(billingperiodstart as timestamp)) as date) as charge_month,
        arg_max(billingperiodstatus, coalesce(billingperiodlastupdated, billingperiodcreated, '')) as status
    from {{ ref('landed_focus_billing_periods') }}
    group by source, invoiceissuername, cast(date_trunc('month', try_cast(billingperiodstart as timestamp)) as date)

),

stated as (

    select
        source,
        charge_month,
        bool_and(lower(status) = 'closed') as is_closed,
        string_agg(distinct status, ', ' order by status) filter (where lower(status) != 'closed') as other_statuses
    from statuses
    group by source, charge_month

),

-- a source whose bill has not begun is waited for, too, if it billed before and goes on
expected as (

    select
        months.charge_month,
        arrivals.source,
        arrivals.is_live,
        arrivals.complete_until,
        cast(months.charge_month + interval 1 month as date) + cast({{ var('month_close_days') }} as integer)
            as wanted_until
    from months
    inner join arrivals on months.charge_month + interval 1 month > arrivals.complete_from
    left join charge_months
        on months.charge_month = charge_months.charge_month and arrivals.source = charge_months.source
    where arrivals.is_live or charge_months.source is not null

)

select
    expected.charge_month,
    expected.source,
    coalesce(stated.is_closed, not expected.is_live or expected.complete_until >= expected.wanted_until) as is_final,
    case
        when stated.is_closed then 'its billing period is closed'
        when not stated.is_closed then 'its BillingPeriodStatus is ' || stated.other_statuses
        when not expected.is_live then 'it has ended'
        else
            'its charges have arrived until ' || expected.complete_until || '; wanted until ' || expected.wanted_until
            || ', see month_close_days'
    end as reason,
    expected.complete_until,
    expected.wanted_until
from expected
left join stated on expected.source = stated.source and expected.charge_month = stated.charge_month
