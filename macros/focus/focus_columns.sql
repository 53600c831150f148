{# The columns that are read from a FOCUS file, by their names in any version (seeds/reference/focus_columns.csv says
   which version has which). Every other column of a file is left where it is. #}
{% macro focus_columns() %}
    {{- return([
        'AllocatedMethodDetails', 'AllocatedMethodId', 'AllocatedResourceId', 'AllocatedResourceName', 'AllocatedTags',
        'AvailabilityZone', 'BilledCost', 'BillingAccountId', 'BillingAccountName', 'BillingAccountType',
        'BillingCurrency', 'BillingPeriodEnd', 'BillingPeriodStart', 'CapacityReservationId',
        'CapacityReservationStatus', 'ChargeCategory', 'ChargeClass', 'ChargeDescription', 'ChargeFrequency',
        'ChargePeriodEnd', 'ChargePeriodStart', 'CommitmentDiscountCategory', 'CommitmentDiscountId',
        'CommitmentDiscountName', 'CommitmentDiscountQuantity', 'CommitmentDiscountStatus', 'CommitmentDiscountType',
        'CommitmentDiscountUnit', 'CommitmentProgramEligibilityDetails', 'ConsumedQuantity', 'ConsumedUnit',
        'ContractApplied', 'ContractedCost', 'ContractedUnitPrice', 'EffectiveCost', 'HostProviderName',
        'InvoiceDetailId', 'InvoiceId', 'InvoiceIssuerName', 'ListCost', 'ListUnitPrice', 'PricingCategory',
        'PricingCurrency', 'PricingCurrencyContractedUnitPrice', 'PricingCurrencyEffectiveCost',
        'PricingCurrencyListUnitPrice', 'PricingQuantity', 'PricingUnit', 'RegionId', 'RegionName', 'ResourceId',
        'ResourceName', 'ResourceType', 'ServiceCategory', 'ServiceName', 'ServiceProviderName', 'ServiceSubcategory',
        'SkuId', 'SkuMeter', 'SkuPriceDetails', 'SkuPriceId', 'SubAccountId', 'SubAccountName', 'SubAccountType',
        'Tags',
        'ChargeSubcategory', 'InvoiceIssuer', 'Provider', 'ProviderName', 'Publisher', 'PublisherName', 'Region',
        'UsageQuantity', 'UsageUnit'
    ]) -}}
{% endmacro %}

{# BillingPeriodStart becomes billing_period_start. #}
{% macro focus_snake_case(name) -%}
    {{- return(modules.re.sub('(?<=[a-z])(?=[A-Z])', '_', name) | lower) -}}
{%- endmacro %}

{# Which input files are FOCUS data: manifests lie beside them, and an empty file has not even a header. #}
{% macro focus_files() -%} folder = 'focus' and format in ('parquet', 'csv') and size_bytes > 0 {%- endmacro %}

{# Every column of base_focus__charges, as a null of its type. #}
{% macro absent_focus_columns() %}
        cast(null as varchar) as source,
        cast(null as varchar) as source_file,
        cast(null as varchar) as file_version,
        cast(null as bigint) as source_row
        {%- for name in focus_columns() %},
        cast(null as varchar) as {{ focus_snake_case(name) }}
        {%- endfor %}
{% endmacro %}
