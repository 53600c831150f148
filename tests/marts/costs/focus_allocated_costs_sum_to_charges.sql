-- every origin charge is there once: its rows sum to it, and their ratios to 1.
with charges as (

    select
        date_day,
        source,
        billing_period_start,
        billing_currency,
        {{ text_of_key('attribute_key') }} as origin_charge_key,
        sum(effective_cost) as effective_cost
    from {{ ref('int_costs__scheduled_charges_daily') }}
    group by date_day, source, billing_period_start, billing_currency, attribute_key

),

allocated as (

    select
        cast(charge_period_start as date) as date_day,
        x_source as source,
        cast(billing_period_start as date) as billing_period_start,
        billing_currency,
        x_origin_charge_key as origin_charge_key,
        sum(effective_cost) as effective_cost,
        -- of its only element
        sum(cast(regexp_extract(allocated_method_details, '"AllocatedRatio":([^,}]+)', 1) as decimal(13, 12)))
            as allocated_ratio
    from {{ ref('fct_focus_allocated_costs') }}
    group by charge_period_start, x_source, billing_period_start, billing_currency, x_origin_charge_key

)

select
    coalesce(charges.date_day, allocated.date_day) as date_day,
    coalesce(charges.source, allocated.source) as source,
    coalesce(charges.origin_charge_key, allocated.origin_charge_key) as origin_charge_key,
    charges.effective_cost as charged,
    allocated.effective_cost as allocated,
    allocated.allocated_ratio
from charges
full outer join allocated
    on
        charges.date_day = allocated.date_day
        and charges.source = allocated.source
        and charges.billing_period_start = allocated.billing_period_start
        and charges.billing_currency = allocated.billing_currency
        and charges.origin_charge_key = allocated.origin_charge_key
where charges.effective_cost is distinct from allocated.effective_cost or coalesce(allocated.allocated_ratio, 1) != 1
