-- noqa: disable=capitalisation.identifiers
-- columns of files are named as in FOCUS

{% set texts = [
    'AllocatedMethodDetails', 'AllocatedMethodId', 'AllocatedResourceId', 'AllocatedResourceName', 'AllocatedTags',
    'AvailabilityZone', 'BilledCost', 'BillingAccountId', 'BillingAccountName', 'BillingAccountType',
    'BillingCurrency', 'BillingPeriodEnd', 'BillingPeriodStart', 'CapacityReservationId',
    'CapacityReservationStatus', 'ChargeCategory', 'ChargeClass', 'ChargeDescription', 'ChargeFrequency',
    'ChargePeriodEnd', 'ChargePeriodStart', 'ChargeSubcategory', 'CommitmentDiscountCategory',
    'CommitmentDiscountId', 'CommitmentDiscountName', 'CommitmentDiscountQuantity', 'CommitmentDiscountStatus',
    'CommitmentDiscountType', 'CommitmentDiscountUnit', 'CommitmentProgramEligibilityDetails', 'ConsumedQuantity',
    'ConsumedUnit', 'ContractApplied', 'ContractedCost', 'ContractedUnitPrice', 'CredentialDetails', 'CredentialId',
    'EffectiveCost', 'HostProviderName', 'InvoiceDetailId', 'InvoiceId', 'InvoiceIssuer', 'InvoiceIssuerName',
    'ListCost', 'ListUnitPrice', 'PricingCategory', 'PricingCurrency', 'PricingCurrencyContractedUnitPrice',
    'PricingCurrencyEffectiveCost', 'PricingCurrencyListUnitPrice', 'PricingQuantity', 'PricingUnit', 'PrincipalId',
    'Provider', 'ProviderName', 'Publisher', 'PublisherName', 'Region', 'RegionId', 'RegionName', 'ResourceId',
    'ResourceName', 'ResourceType', 'ServiceCategory', 'ServiceName', 'ServiceProviderName', 'ServiceSubcategory',
    'SkuId', 'SkuMeter', 'SkuPriceDetails', 'SkuPriceId', 'SubAccountId', 'SubAccountName', 'SubAccountType', 'Tags',
    'UsageQuantity', 'UsageUnit'
] %}

{# Texts that decide by being there: None and N/A are none of them. A cost of these words stops the build. #}
{% set words = [
    'CapacityReservationId', 'CapacityReservationStatus', 'CommitmentDiscountId', 'CommitmentDiscountStatus',
    'HostProviderName', 'InvoiceIssuer', 'InvoiceIssuerName', 'Provider', 'ProviderName', 'Publisher', 'PublisherName',
    'ResourceId', 'ServiceProviderName'
] %}

with charges as (

    select * from {{ ref('landed_focus_charges') }}

)

select
    charges.source_file,
    charges.source_row,
    charges.source,
    charges.columns_of,
    charges.other_columns,
    {{ present_text('charges.x_Credits') }} as x_credits,

    -- ids
    {{ present_text('charges.AllocatedMethodId') }} as allocated_method_id,
    {{ present_text('charges.AllocatedResourceId') }} as allocated_resource_id,
    {{ present_text('charges.BillingAccountId') }} as billing_account_id,
    {{ present_word('charges.CapacityReservationId') }} as capacity_reservation_id,
    {{ present_word('charges.CommitmentDiscountId') }} as commitment_discount_id,
    {{ present_text('charges.CredentialId') }} as credential_id,
    {{ present_text('charges.InvoiceDetailId') }} as invoice_detail_id,
    {{ present_text('charges.InvoiceId') }} as invoice_id,
    {{ present_text('charges.PrincipalId') }} as principal_id,
    coalesce({{ present_text('charges.RegionId') }}, {{ present_text('charges.Region') }}) as region_id,
    {{ present_word('charges.ResourceId') }} as resource_id,
    {{ present_text('charges.SkuId') }} as sku_id,
    {{ present_text('charges.SkuPriceId') }} as sku_price_id,
    {{ present_text('charges.SubAccountId') }} as sub_account_id,

    -- strings
    {{ present_text('charges.AllocatedMethodDetails') }} as allocated_method_details,
    {{ present_text('charges.AllocatedResourceName') }} as allocated_resource_name,
    {{ present_text('charges.AllocatedTags') }} as allocated_tags,
    {{ present_text('charges.AvailabilityZone') }} as availability_zone,
    {{ present_text('charges.BillingAccountName') }} as billing_account_name,
    {{ present_text('charges.BillingAccountType') }} as billing_account_type,
    {{ present_text('charges.BillingCurrency') }} as billing_currency,
    {{ present_word('charges.CapacityReservationStatus') }} as capacity_reservation_status,
    {{ present_text('charges.ChargeCategory') }} as charge_category,
    {{ present_text('charges.ChargeClass') }} as charge_class,
    {{ present_text('charges.ChargeDescription') }} as charge_description,
    {{ present_text('charges.ChargeFrequency') }} as charge_frequency,
    {{ present_text('charges.ChargeSubcategory') }} as charge_subcategory,
    {{ present_text('charges.CommitmentDiscountCategory') }} as commitment_discount_category,
    {{ present_text('charges.CommitmentDiscountName') }} as commitment_discount_name,
    {{ present_word('charges.CommitmentDiscountStatus') }} as commitment_discount_status,
    {{ present_text('charges.CommitmentDiscountType') }} as commitment_discount_type,
    {{ present_text('charges.CommitmentDiscountUnit') }} as commitment_discount_unit,
    {{ present_text('charges.CommitmentProgramEligibilityDetails') }} as commitment_program_eligibility_details,
    coalesce(
        {{ present_text('charges.ConsumedUnit') }},
        {{ present_text('charges.UsageUnit') }}
    ) as consumed_unit,
    {{ present_text('charges.ContractApplied') }} as contract_applied,
    {{ present_text('charges.CredentialDetails') }} as credential_details,
    coalesce(
        {{ present_word('charges.HostProviderName') }},
        {{ present_word('charges.PublisherName') }},
        {{ present_word('charges.Publisher') }}
    ) as host_provider_name,
    coalesce(
        {{ present_word('charges.InvoiceIssuerName') }},
        {{ present_word('charges.InvoiceIssuer') }}
    ) as invoice_issuer_name,
    {{ present_text('charges.PricingCategory') }} as pricing_category,
    {{ present_text('charges.PricingCurrency') }} as pricing_currency,
    {{ present_text('charges.PricingUnit') }} as pricing_unit,
    coalesce(
        {{ present_word('charges.ProviderName') }},
        {{ present_word('charges.Provider') }},
        {{ present_word('charges.ServiceProviderName') }}
    ) as provider_name,
    coalesce(
        {{ present_word('charges.PublisherName') }},
        {{ present_word('charges.Publisher') }},
        {{ present_word('charges.HostProviderName') }}
    ) as publisher_name,
    {{ present_text('charges.RegionName') }} as region_name,
    {{ present_text('charges.ResourceName') }} as resource_name,
    {{ present_text('charges.ResourceType') }} as resource_type,
    {{ present_text('charges.ServiceCategory') }} as service_category,
    {{ present_text('charges.ServiceName') }} as service_name,
    coalesce(
        {{ present_word('charges.ServiceProviderName') }},
        {{ present_word('charges.ProviderName') }},
        {{ present_word('charges.Provider') }}
    ) as service_provider_name,
    {{ present_text('charges.ServiceSubcategory') }} as service_subcategory,
    {{ present_text('charges.SkuMeter') }} as sku_meter,
    {{ present_text('charges.SkuPriceDetails') }} as sku_price_details,
    {{ present_text('charges.SubAccountName') }} as sub_account_name,
    {{ present_text('charges.SubAccountType') }} as sub_account_type,
    {{ present_text('charges.Tags') }} as tags,

    -- numerics, as text
    {{ present_text('charges.BilledCost') }} as billed_cost,
    {{ present_text('charges.EffectiveCost') }} as effective_cost,
    {{ present_text('charges.ContractedCost') }} as contracted_cost,
    {{ present_text('charges.ListCost') }} as list_cost,
    {{ present_text('charges.ContractedUnitPrice') }} as contracted_unit_price,
    {{ present_text('charges.ListUnitPrice') }} as list_unit_price,
    {{ present_text('charges.PricingCurrencyEffectiveCost') }} as pricing_currency_effective_cost,
    {{ present_text('charges.PricingCurrencyContractedUnitPrice') }} as pricing_currency_contracted_unit_price,
    {{ present_text('charges.PricingCurrencyListUnitPrice') }} as pricing_currency_list_unit_price,
    coalesce(
        {{ present_text('charges.ConsumedQuantity') }},
        {{ present_text('charges.UsageQuantity') }}
    ) as consumed_quantity,
    {{ present_text('charges.PricingQuantity') }} as pricing_quantity,
    {{ present_text('charges.CommitmentDiscountQuantity') }} as commitment_discount_quantity,

    -- times, as text
    {{ present_text('charges.BillingPeriodStart') }} as billing_period_start,
    {{ present_text('charges.BillingPeriodEnd') }} as billing_period_end,
    {{ present_text('charges.ChargePeriodStart') }} as charge_period_start,
    {{ present_text('charges.ChargePeriodEnd') }} as charge_period_end,

    -- a blank or a word that means nothing, where something should stand
    case
        when {{ columns(texts, "charges.{0} in ('NULL', 'null', '\\N', ' ')", ' or ') }} then true
        when {{ columns(words, "charges.{0} != '' and " ~ is_null_word('charges.{0}'), ' or ') }} then true
        else false
    end as has_null_as_text
from charges
