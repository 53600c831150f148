{% set given = [
    changed_number('BilledCost', 'billed_cost'),
    changed_text('BillingAccountId', 'billing_account_id'),
    changed_text('BillingCurrency', 'billing_currency'),
    changed_time('BillingPeriodEnd', 'billing_period_end'),
    changed_time('BillingPeriodStart', 'billing_period_start'),
    changed_text('CapacityReservationId', 'capacity_reservation_id'),
    changed_text('CapacityReservationStatus', 'capacity_reservation_status'),
    changed_text('ChargeCategory', 'charge_category'),
    changed_text('ChargeClass', 'charge_class'),
    changed_text('ChargeFrequency', 'charge_frequency'),
    changed_time('ChargePeriodEnd', 'charge_period_end'),
    changed_time('ChargePeriodStart', 'charge_period_start'),
    changed_text('CommitmentDiscountCategory', 'commitment_discount_category'),
    changed_text('CommitmentDiscountId', 'commitment_discount_id'),
    changed_text('CommitmentDiscountStatus', 'commitment_discount_status'),
    changed_number('ConsumedQuantity', 'consumed_quantity'),
    changed_text('ConsumedUnit', 'consumed_unit'),
    changed_number('ContractedCost', 'contracted_cost'),
    changed_number('ContractedUnitPrice', 'contracted_unit_price'),
    changed_number('EffectiveCost', 'effective_cost'),
    changed_text('InvoiceId', 'invoice_id'),
    changed_number('ListCost', 'list_cost'),
    changed_number('ListUnitPrice', 'list_unit_price'),
    changed_text('PricingCategory', 'pricing_category'),
    changed_number('PricingQuantity', 'pricing_quantity'),
    changed_text('RegionId', 'region_id'),
    changed_text('RegionName', 'region_name'),
    changed_text('ResourceId', 'resource_id'),
    changed_text('ResourceName', 'resource_name'),
    changed_text('SkuId', 'sku_id'),
    changed_text('SkuPriceId', 'sku_price_id'),
    changed_text('SubAccountId', 'sub_account_id'),
    changed_text('SubAccountName', 'sub_account_name'),
    changed_text('Tags', 'tags')
] %}

with charges as (

    select * from {{ ref('base_focus__counted_charges') }}

),

-- what the file said, where that is another thing than what became of it
changed as (

    select
        *,
        {{ list_where(list_of(given), 'change', 'change.value is not null') }} as given_values,
        coalesce(
            billing_period_end, date_trunc('month', coalesce(billing_period_start, charge_period_start)) + interval 1 month
        ) as end_of_billing_period
    from charges

)

select
    -- ids
    source_file,
    source_row,
    file_version,
    source,
    data_generator,
    billing_account_id,
    sub_account_id,
    invoice_id,
    invoice_detail_id,
    resource_id,
    sku_id,
    sku_price_id,
    commitment_discount_id,
    capacity_reservation_id,
    allocated_method_id,
    allocated_resource_id,
    region_id,
    principal_id,
    credential_id,

    -- strings
    billing_account_name,
    billing_account_type,
    sub_account_name,
    sub_account_type,
    service_provider_name,
    host_provider_name,
    invoice_issuer_name,
    provider_name,
    publisher_name,
    service_category,
    service_subcategory,
    service_name,
    charge_category,
    charge_class,
    charge_frequency,
    charge_description,
    pricing_category,
    pricing_unit,
    pricing_currency,
    commitment_discount_category,
    commitment_discount_name,
    commitment_discount_status,
    commitment_discount_type,
    commitment_discount_unit,
    capacity_reservation_status,
    consumed_unit,
    sku_meter,
    region_name,
    availability_zone,
    resource_name,
    resource_type,
    allocated_resource_name,
    coalesce(billing_currency, {{ sql_text(var('reporting_currency')) }}) as billing_currency,
    charge_subcategory,
    tags,
    sku_price_details,
    allocated_method_details,
    allocated_tags,
    contract_applied,
    commitment_program_eligibility_details,
    credential_details,
    case when cardinality(other_columns) > 0 then {{ json_of('other_columns') }} end as other_columns,
    source_changes,
    case
        when {{ length_of('source_changes') }} > 0 and {{ length_of('given_values') }} > 0
            then {{ json_of('map_from_entries(given_values)') }}
    end as source_values,

    -- numerics
    billed_cost,
    coalesce(effective_cost, billed_cost, 0) as effective_cost,
    contracted_cost,
    list_cost,
    contracted_unit_price,
    list_unit_price,
    pricing_currency_effective_cost,
    pricing_currency_contracted_unit_price,
    pricing_currency_list_unit_price,
    consumed_quantity,
    pricing_quantity,
    commitment_discount_quantity,

    -- times
    coalesce(billing_period_start, date_trunc('month', charge_period_start)) as billing_period_start,
    end_of_billing_period as billing_period_end,
    coalesce(charge_period_start, billing_period_start) as charge_period_start,
    coalesce(charge_period_end, case when charge_period_start is null then end_of_billing_period end)
        as charge_period_end
from changed
