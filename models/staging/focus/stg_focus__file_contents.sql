{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('source_file'),
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_files(ref('base_focus__files')) }}",
        "{{ choose_new_files(ref('base_focus__files')) }}"
    ]
) }}

with charges as (

    select
        *,
        {{ has_consumed_quantity() }} as is_usage,
        -- a charge dated after its billing period says not how far the bill has come. A period's end may be its last
        -- day, and that of Azure's periods from within a month lies within the next one.
        case
            when coalesce(
                    charge_period_start < greatest(
                        billing_period_end,
                        date_trunc('month', billing_period_start) + interval 1 month,
                        case when azure_billing_period then billing_period_end + interval 1 month end
                    ),
                    true
                )
                then charge_period_end
        end as billed_until
    from {{ ref('base_focus__conformed_charges') }}
    where {{ is_not_landed() }}

),

files as (

    select * from {{ ref('base_focus__files') }}
    where {{ is_not_landed() }}

)

-- charges of hours, of days, and all of them: how far a bill has come shows in the short ones
select
    files.source_file,
    files.file_version,
    files.source,
    count(*) as row_count,
    cast(coalesce(sum(coalesce(charges.effective_cost, charges.billed_cost)), 0) as {{ money_type() }})
        as effective_cost,
    cast(coalesce(sum(charges.billed_cost), 0) as {{ money_type() }}) as billed_cost,
    min(charges.charge_period_start) as charges_from,
    max(charges.charge_period_end) as charges_until,
    max(charges.billed_until) filter (
        where charges.charge_period_end < charges.charge_period_start + interval 1 day
    ) as hours_until,
    max(charges.billed_until) filter (
        where charges.charge_period_end = charges.charge_period_start + interval 1 day
    ) as days_until,
    min(charges.charge_period_start) filter (where charges.is_usage) as usage_from,
    max(charges.charge_period_end) filter (where charges.is_usage) as usage_until,
    max(charges.billed_until) filter (
        where charges.is_usage and charges.charge_period_end < charges.charge_period_start + interval 1 day
    ) as usage_hours_until,
    max(charges.billed_until) filter (
        where charges.is_usage and charges.charge_period_end = charges.charge_period_start + interval 1 day
    ) as usage_days_until
from files
inner join charges on files.source_file = charges.source_file
group by files.source_file, files.file_version, files.source
