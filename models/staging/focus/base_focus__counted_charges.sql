-- noqa: disable=ambiguous.column_count
-- a step adds to the columns of the one before; stg_focus__charges names them

{% set changes %}
    case when has_unreadable_number then 'unreadable_number' end,
    case when has_unreadable_time then 'unreadable_time' end,
    case when effective_cost is null and billed_cost is not null then 'effective_cost_from_billed_cost' end,
    case
        when effective_cost is null and billed_cost is null
            then case when may_lack_cost then 'usage_without_cost' else 'no_cost' end
    end,
    case when billing_currency is null then 'billing_currency_assumed' end,
    case
        when charge_period_start is null and billing_period_start is null then 'no_charge_period'
        when charge_period_start is null then 'charge_period_from_billing_period'
        when billing_period_start is null then 'billing_period_from_charge_period'
    end,
    case when given_tags is not null and tags is null then 'unreadable_tags' end,
    case when preview_pricing_category then 'preview_pricing_category' end,
    case when preview_charge_subcategory then 'preview_charge_subcategory' end,
    case when google_rounding_error then 'google_rounding_error' end,
    case
        when
            (
                lower(given_charge_category) = lower(charge_category)
                and given_charge_category != charge_category
            )
            or (lower(given_charge_class) = lower(charge_class) and given_charge_class != charge_class)
            or (
                lower(given_charge_frequency) = lower(charge_frequency)
                and given_charge_frequency != charge_frequency
            )
            or (
                lower(given_pricing_category) = lower(pricing_category)
                and given_pricing_category != pricing_category
            )
            or given_commitment_discount_category != commitment_discount_category
            or given_commitment_discount_status != commitment_discount_status
            or given_capacity_reservation_status != capacity_reservation_status
            then 'enumeration_case'
    end,
    case when given_billing_currency != billing_currency then 'currency_case' end,
    case when given_tags != tags then 'tags_rewritten' end,
    case when azure_placeholders then 'azure_placeholders' end,
    case when azure_lower_case_ids then 'azure_lower_case_ids' end,
    case when superseded_by_later_file then 'superseded_by_later_file' end,
    case when azure_commitment_purchase then 'azure_commitment_purchase' end,
    case when azure_commitment_purchase_frequency then 'azure_commitment_purchase_frequency' end,
    case when azure_commitment_usage_category then 'azure_commitment_usage_category' end,
    case when azure_quantity_not_consumed then 'azure_quantity_not_consumed' end,
    case when tokens_from_pricing_quantity then 'tokens_from_pricing_quantity' end,
    case when azure_zero_for_null then 'azure_zero_for_null' end,
    case when azure_billing_period then 'azure_billing_period' end,
    case when google_credits_added then 'google_credits_added' end,
    case when google_credits_unknown then 'google_credits_unknown' end,
    case when google_billing_period then 'google_billing_period' end,
    case when tencent_billing_period then 'tencent_billing_period' end,
    case when inclusive_charge_period_end then 'inclusive_charge_period_end' end,
    case when inclusive_date_end then 'inclusive_date_end' end
{% endset %}

with charges as (

    select * from {{ ref('base_focus__conformed_charges') }}

),

files as (

    select * from {{ ref('stg_focus__files') }}
    where is_current

),

superseded_rows as (

    select * from {{ ref('stg_focus__superseded_rows') }}

),

-- files that count, and of a run the days that no newer run states
current_charges as (

    select
        charges.*,
        files.file_version,
        superseded_rows.source_row is not null as superseded_by_later_file
    from charges
    inner join files on charges.source_file = files.source_file
    left join superseded_rows
        on charges.source_file = superseded_rows.source_file and charges.source_row = superseded_rows.source_row
    where not coalesce(array_contains(files.superseded_days, cast(charges.charge_period_start as date)), false)

),

-- a running total that a later file states anew keeps its words and costs nothing
counted as (

    select
        {{ all_but(
            'billed_cost, effective_cost, contracted_cost, list_cost, consumed_quantity, pricing_quantity'
        ) }},
        case when superseded_by_later_file and billed_cost is not null then 0 else billed_cost end as billed_cost,
        case when superseded_by_later_file and effective_cost is not null then 0 else effective_cost end
            as effective_cost,
        case when superseded_by_later_file and contracted_cost is not null then 0 else contracted_cost end
            as contracted_cost,
        case when superseded_by_later_file and list_cost is not null then 0 else list_cost end as list_cost,
        case when superseded_by_later_file and consumed_quantity is not null then 0 else consumed_quantity end
            as consumed_quantity,
        case when superseded_by_later_file and pricing_quantity is not null then 0 else pricing_quantity end
            as pricing_quantity
    from current_charges

)

select
    *,
    {{ list_of_known(changes) }} || coalesce(format_notes, {{ list_of([]) }}) as source_changes
from counted
