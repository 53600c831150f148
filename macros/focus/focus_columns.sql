{# The columns that are read from a FOCUS file, by their names in any version (seeds/reference/focus_columns.csv says
   which version has which). Every other column of a file is left where it is. #}
{% macro focus_columns() %}
    {{- return(focus_newest_columns() + focus_former_columns() + ['x_Credits']) -}}
{% endmacro %}

{# What the newest version has. #}
{% macro focus_newest_columns() %}
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
        'Tags'
    ]) -}}
{% endmacro %}

{# What older versions and Oracle's exports have in their place. #}
{% macro focus_former_columns() %}
    {{- return([
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
        cast(null as varchar) as data_generator,
        cast(null as varchar) as declared_credits,
        cast(null as boolean) as is_superseded,
        cast(null as bigint) as source_row
        {%- for name in focus_columns() %},
        cast(null as varchar) as {{ focus_snake_case(name) }}
        {%- endfor %}
{% endmacro %}

{# Who wrote an export, by columns that only one provider has; null where none is there. #}
{% macro data_generator_of_columns(column_names) -%}
    case
        when list_has_any({{ column_names }}, ['x_servicecode', 'x_usagetype', 'x_operation', 'x_costcategories'])
            then 'aws'
        when list_has_any(
            {{ column_names }},
            ['x_billingprofileid', 'x_billingaccountid', 'x_invoicesectionid', 'x_skumetercategory', 'x_skumetername']
        )
            then 'microsoft'
        when list_has_any({{ column_names }}, ['x_credits', 'x_exporttime', 'x_projectlabels'])
            then 'google'
        when list_has_any({{ column_names }}, ['oci_referencenumber', 'oci_compartmentid', 'oci_overageflag'])
            then 'oracle'
    end
{%- endmacro %}

{# The same by what a row says of its provider. #}
{% macro data_generator_of_name(name) -%}
    case
        when regexp_matches(lower({{ name }}), 'microsoft|^azure') then 'microsoft'
        when regexp_matches(lower({{ name }}), '^(aws|amazon)') then 'aws'
        when lower({{ name }}) like 'google%' then 'google'
        when lower({{ name }}) like 'oracle%' then 'oracle'
        when lower({{ name }}) like 'tencent%' then 'tencent'
    end
{%- endmacro %}
