-- noqa: disable=ambiguous.column_count
-- a step adds to the columns of the one before; stg_focus__charges names them

{#
    What providers are known to write otherwise than FOCUS says. Each rule is a flag, with its reason in
    seeds/reference/focus_conformance_rules.csv under the same name, and says below what it sets. A rule is put to the row by
    the row's own provider, `data_generator`.
#}
with worded as (

    select * from {{ ref('base_focus__worded_charges') }}

),

-- periods of files that write days without a time
dated as (

    select distinct
        source_file,
        {{ parse_timestamp('charge_period_start') }} as charge_period_start,
        {{ parse_timestamp('charge_period_end') }} as charge_period_end,
        {{ parse_timestamp('billing_period_end') }} as billing_period_end
    from {{ ref('base_focus__charges') }}
    where length(charge_period_end) = 10 and length(billing_period_end) = 10

),

-- files whose charges would last a day too long if their end were their last day: each of them, or one beside the next
-- day's, or that of the bill's last day. A charge that ends on its first day says the opposite
exclusive_ends as (

    select dated.source_file
    from dated
    left join dated as next_days
        on
            dated.source_file = next_days.source_file
            and dated.charge_period_end = next_days.charge_period_start
            and next_days.charge_period_end = next_days.charge_period_start + interval 1 day
    group by dated.source_file
    having
        not bool_or(dated.charge_period_end = dated.charge_period_start)
        and (
            bool_and(dated.charge_period_end = dated.charge_period_start + interval 1 day)
            or bool_or(
                dated.charge_period_end = dated.charge_period_start + interval 1 day
                and next_days.source_file is not null
            )
            or bool_or(
                dated.charge_period_end = dated.billing_period_end + interval 1 day
                and dated.charge_period_start in (
                    dated.billing_period_end, date_trunc('month', dated.billing_period_end)
                )
            )
        )

),

flagged as (

    select
        worded.*,
        exclusive_ends.source_file is not null as has_exclusive_ends,
        data_generator = 'microsoft' as is_azure,
        lower(given_pricing_category) in ('on-demand', 'commitment-based') as preview_pricing_category,
        lower(charge_subcategory) in ('credit', 'refund', 'used commitment', 'unused commitment')
            as preview_charge_subcategory,
        data_generator = 'google' and lower(given_charge_category) in ('error', 'rounding_error')
            as google_rounding_error,
        is_azure and charge_category = 'Purchase' and commitment_discount_id is not null and cost != 0
            as azure_commitment_purchase,
        is_azure and charge_category = 'Purchase' and commitment_discount_id is not null
        and charge_frequency = 'Usage-Based' as azure_commitment_purchase_frequency,
        is_azure and charge_category = 'Usage' and commitment_discount_status is not null
        and pricing_category = 'Standard' as azure_commitment_usage_category,
        is_azure and consumed_quantity is not null
        and (charge_category != 'Usage' or coalesce(commitment_discount_status = 'Unused', false))
            as azure_quantity_not_consumed,
        -- a correction repeats the PricingQuantity of what it corrects, which is no more tokens; usage that costs something and is
        -- 0 was not counted
        -- what is dear to ask stands behind `then`: DuckDB asks it of those rows alone, and of all rows behind `and`
        case
            when
                charge_category = 'Usage'
                and (given_consumed_quantity is null or (consumed_quantity = 0 and pricing_quantity != 0 and cost > 0))
                and pricing_quantity is not null
                and coalesce(charge_class != 'Correction', true)
                and coalesce(commitment_discount_status != 'Unused', true)
                then {{ says_tokens('pricing_unit') }}
            else false
        end as tokens_from_pricing_quantity,
        case
            when is_azure
                then (cost != 0 or billed_cost != 0)
                    and 0 in (list_cost, contracted_cost, list_unit_price, contracted_unit_price, pricing_quantity)
            else false
        end as azure_zero_for_null,
        case when is_azure then billing_period_start != date_trunc('month', billing_period_start) else false end
            as azure_billing_period,
        case
            when is_azure
                then {{ length_of(list_where(
                    list_of([
                        'sub_account_name', 'invoice_id', 'resource_name', 'region_id', 'region_name', 'sku_id', 'sku_price_id'
                    ]),
                    'name', "lower(name) in ('-2', 'unassigned')"
                )) }} > 0
            else false
        end as azure_placeholders,
        case
            when is_azure
                then concat_ws(
                        ' ', billing_account_id, sub_account_id, resource_id, commitment_discount_id,
                        capacity_reservation_id
                    )
        end as azure_ids,
        coalesce(azure_ids != lower(azure_ids), false) as azure_lower_case_ids,
        case when google_credits != 0 then {{ credits_are() }} end as credits_are,
        google_credits != 0 and credits_are = 'separate' as google_credits_added,
        google_credits != 0 and credits_are is null as google_credits_unknown,
        case
            when data_generator = 'google' then {{ is_local_month('billing_period_start', 'America/Los_Angeles') }}
            else false
        end as google_billing_period,
        case
            when data_generator = 'tencent' then {{ is_local_month('billing_period_start', 'Asia/Shanghai') }}
            else false
        end as tencent_billing_period,
        -- an end of a day or of a month that is written as its last moment or, without a time, as its last day
        minute(charge_period_end) = 59 and second(charge_period_end) = 59 as inclusive_charge_period_end,
        length(given_billing_period_end) = 10 and length(given_charge_period_end) = 10
        and day(billing_period_end + interval 1 day) = 1
        and (has_exclusive_ends or charge_period_end <= billing_period_end) as inclusive_date_end
    from worded
    left join exclusive_ends on worded.source_file = exclusive_ends.source_file

)

select
    {{ all_but(
        'is_azure, azure_ids, has_exclusive_ends, cost, effective_cost, billed_cost, list_cost, contracted_cost, list_unit_price,
        contracted_unit_price, pricing_quantity, consumed_quantity, consumed_unit, charge_frequency, pricing_category,
        sub_account_name, invoice_id, resource_name, region_id, region_name, sku_id, sku_price_id, billing_account_id,
        sub_account_id, resource_id, commitment_discount_id, capacity_reservation_id, billing_period_start,
        billing_period_end, charge_period_end'
    ) }},
    case
        when azure_commitment_purchase then 0
        when google_credits_added then coalesce(effective_cost, billed_cost) + google_credits
        else effective_cost
    end as effective_cost,
    case
        when google_credits_added and billed_cost = coalesce(effective_cost, billed_cost)
            then billed_cost + google_credits
        else billed_cost
    end as billed_cost,
    case when azure_zero_for_null then nullif(list_cost, 0) else list_cost end as list_cost,
    case when azure_zero_for_null then nullif(contracted_cost, 0) else contracted_cost end as contracted_cost,
    case when azure_zero_for_null then nullif(list_unit_price, 0) else list_unit_price end as list_unit_price,
    case when azure_zero_for_null then nullif(contracted_unit_price, 0) else contracted_unit_price end
        as contracted_unit_price,
    case when azure_zero_for_null then nullif(pricing_quantity, 0) else pricing_quantity end as pricing_quantity,
    case
        when tokens_from_pricing_quantity then pricing_quantity
        when azure_quantity_not_consumed is not true then consumed_quantity
    end as consumed_quantity,
    case
        when tokens_from_pricing_quantity then pricing_unit
        when azure_quantity_not_consumed is not true then consumed_unit
    end as consumed_unit,
    case when azure_commitment_purchase_frequency then 'Recurring' else charge_frequency end as charge_frequency,
    case when azure_commitment_usage_category then 'Committed' else pricing_category end as pricing_category,
    {{ without_placeholder('sub_account_name') }} as sub_account_name,
    {{ without_placeholder('invoice_id') }} as invoice_id,
    {{ without_placeholder('resource_name') }} as resource_name,
    {{ without_placeholder('region_id') }} as region_id,
    {{ without_placeholder('region_name') }} as region_name,
    {{ without_placeholder('sku_id') }} as sku_id,
    {{ without_placeholder('sku_price_id') }} as sku_price_id,
    case when is_azure then lower(billing_account_id) else billing_account_id end as billing_account_id,
    case when is_azure then lower(sub_account_id) else sub_account_id end as sub_account_id,
    case when is_azure then lower(resource_id) else resource_id end as resource_id,
    case when is_azure then lower(commitment_discount_id) else commitment_discount_id end as commitment_discount_id,
    case when is_azure then lower(capacity_reservation_id) else capacity_reservation_id end
        as capacity_reservation_id,
    case
        when azure_billing_period then date_trunc('month', billing_period_start)
        when google_billing_period
            then date_trunc('month', {{ local_time('billing_period_start', 'America/Los_Angeles') }})
        when tencent_billing_period
            then date_trunc('month', {{ local_time('billing_period_start', 'Asia/Shanghai') }})
        else billing_period_start
    end as billing_period_start,
    case
        when azure_billing_period then date_trunc('month', billing_period_start) + interval 1 month
        when google_billing_period
            then date_trunc('month', {{ local_time('billing_period_start', 'America/Los_Angeles') }})
                + interval 1 month
        when tencent_billing_period
            then date_trunc('month', {{ local_time('billing_period_start', 'Asia/Shanghai') }}) + interval 1 month
        when inclusive_date_end then billing_period_end + interval 1 day
        else billing_period_end
    end as billing_period_end,
    case
        when inclusive_charge_period_end then date_trunc('second', charge_period_end) + interval 1 second
        when inclusive_date_end and not has_exclusive_ends then charge_period_end + interval 1 day
        else charge_period_end
    end as charge_period_end,
    sub_account_name as given_sub_account_name,
    invoice_id as given_invoice_id,
    resource_name as given_resource_name,
    region_id as given_region_id,
    region_name as given_region_name,
    sku_id as given_sku_id,
    sku_price_id as given_sku_price_id,
    billing_account_id as given_billing_account_id,
    sub_account_id as given_sub_account_id,
    resource_id as given_resource_id,
    commitment_discount_id as given_commitment_discount_id,
    capacity_reservation_id as given_capacity_reservation_id
from flagged
