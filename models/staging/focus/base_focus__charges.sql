{{ config(materialized='view') }}
-- noqa: disable=capitalisation.identifiers
-- columns of files are named as in FOCUS

with charges as (

    select * from {{ ref('landed_focus_charges') }}

)

select
    charges.source_file,
    charges.source_row,
    charges.source,
    charges.columns_of,
    charges.other_columns,
    charges.x_Credits,

    -- ids
    {{ present_text('charges.AllocatedMethodId') }} as allocated_method_id,
    {{ present_text('charges.AllocatedResourceId') }} as allocated_resource_id,
    {{ present_text('charges.BillingAccountId') }} as billing_account_id,
    {{ present_text('charges.CapacityReservationId') }} as capacity_reservation_id,
    {{ present_text('charges.CommitmentDiscountId') }} as commitment_discount_id,
    {{ present_text('charges.CredentialId') }} as credential_id,
    {{ present_text('charges.InvoiceDetailId') }} as invoice_detail_id,
    {{ present_text('charges.InvoiceId') }} as invoice_id,
    {{ present_text('charges.PrincipalId') }} as principal_id,
    coalesce({{ present_text('charges.RegionId') }}, {{ present_text('charges.Region') }}) as region_id,
    {{ present_text('charges.ResourceId') }} as resource_id,
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
    {{ present_text('charges.CapacityReservationStatus') }} as capacity_reservation_status,
    {{ present_text('charges.ChargeCategory') }} as charge_category,
    {{ present_text('charges.ChargeClass') }} as charge_class,
    {{ present_text('charges.ChargeDescription') }} as charge_description,
    {{ present_text('charges.ChargeFrequency') }} as charge_frequency,
    {{ present_text('charges.ChargeSubcategory') }} as charge_subcategory,
    {{ present_text('charges.CommitmentDiscountCategory') }} as commitment_discount_category,
    {{ present_text('charges.CommitmentDiscountName') }} as commitment_discount_name,
    {{ present_text('charges.CommitmentDiscountStatus') }} as commitment_discount_status,
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
        {{ present_text('charges.HostProviderName') }},
        {{ present_text('charges.PublisherName') }},
        {{ present_text('charges.Publisher') }}
    ) as host_provider_name,
    coalesce(
        {{ present_text('charges.InvoiceIssuerName') }},
        {{ present_text('charges.InvoiceIssuer') }}
    ) as invoice_issuer_name,
    {{ present_text('charges.PricingCategory') }} as pricing_category,
    {{ present_text('charges.PricingCurrency') }} as pricing_currency,
    {{ present_text('charges.PricingUnit') }} as pricing_unit,
    coalesce(
        {{ present_text('charges.ProviderName') }},
        {{ present_text('charges.Provider') }},
        {{ present_text('charges.ServiceProviderName') }}
    ) as provider_name,
    coalesce(
        {{ present_text('charges.PublisherName') }},
        {{ present_text('charges.Publisher') }},
        {{ present_text('charges.HostProviderName') }}
    ) as publisher_name,
    {{ present_text('charges.RegionName') }} as region_name,
    {{ present_text('charges.ResourceName') }} as resource_name,
    {{ present_text('charges.ResourceType') }} as resource_type,
    {{ present_text('charges.ServiceCategory') }} as service_category,
    {{ present_text('charges.ServiceName') }} as service_name,
    coalesce(
        {{ present_text('charges.ServiceProviderName') }},
        {{ present_text('charges.ProviderName') }},
        {{ present_text('charges.Provider') }}
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
    list_has_any(
        [
            charges.AllocatedMethodDetails,
            charges.AllocatedMethodId,
            charges.AllocatedResourceId,
            charges.AllocatedResourceName,
            charges.AllocatedTags,
            charges.AvailabilityZone,
            charges.BilledCost,
            charges.BillingAccountId,
            charges.BillingAccountName,
            charges.BillingAccountType,
            charges.BillingCurrency,
            charges.BillingPeriodEnd,
            charges.BillingPeriodStart,
            charges.CapacityReservationId,
            charges.CapacityReservationStatus,
            charges.ChargeCategory,
            charges.ChargeClass,
            charges.ChargeDescription,
            charges.ChargeFrequency,
            charges.ChargePeriodEnd,
            charges.ChargePeriodStart,
            charges.ChargeSubcategory,
            charges.CommitmentDiscountCategory,
            charges.CommitmentDiscountId,
            charges.CommitmentDiscountName,
            charges.CommitmentDiscountQuantity,
            charges.CommitmentDiscountStatus,
            charges.CommitmentDiscountType,
            charges.CommitmentDiscountUnit,
            charges.CommitmentProgramEligibilityDetails,
            charges.ConsumedQuantity,
            charges.ConsumedUnit,
            charges.ContractApplied,
            charges.ContractedCost,
            charges.ContractedUnitPrice,
            charges.CredentialDetails,
            charges.CredentialId,
            charges.EffectiveCost,
            charges.HostProviderName,
            charges.InvoiceDetailId,
            charges.InvoiceId,
            charges.InvoiceIssuer,
            charges.InvoiceIssuerName,
            charges.ListCost,
            charges.ListUnitPrice,
            charges.PricingCategory,
            charges.PricingCurrency,
            charges.PricingCurrencyContractedUnitPrice,
            charges.PricingCurrencyEffectiveCost,
            charges.PricingCurrencyListUnitPrice,
            charges.PricingQuantity,
            charges.PricingUnit,
            charges.PrincipalId,
            charges.Provider,
            charges.ProviderName,
            charges.Publisher,
            charges.PublisherName,
            charges.Region,
            charges.RegionId,
            charges.RegionName,
            charges.ResourceId,
            charges.ResourceName,
            charges.ResourceType,
            charges.ServiceCategory,
            charges.ServiceName,
            charges.ServiceProviderName,
            charges.ServiceSubcategory,
            charges.SkuId,
            charges.SkuMeter,
            charges.SkuPriceDetails,
            charges.SkuPriceId,
            charges.SubAccountId,
            charges.SubAccountName,
            charges.SubAccountType,
            charges.Tags,
            charges.UsageQuantity,
            charges.UsageUnit
        ],
        ['NULL', 'null', '\N', ' ']
    ) as has_null_as_text
from charges
