{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ forget_changed_files(ref('stg_focus__files'), 'is_current') }}"
    )
}}

{% set end_of_billing_period -%}
    coalesce(
        billing_period_end,
        date_trunc('month', coalesce(billing_period_start, charge_period_start)) + interval 1 month
    )
{%- endset %}

with file_rows as (

    select * from {{ ref('base_focus__charges') }}
    union all by name
    -- no rows, but every column: which ones a file has differs by version, provider and what was selected
    select {{ absent_focus_columns() }} where false

),

present as (

    select
        source,
        source_file,
        file_version,
        data_generator,
        declared_credits,
        coalesce(is_superseded, false) as is_superseded,
        {% for name in focus_columns() -%}
        {%- set column = focus_snake_case(name) -%}
        {{ present_text(column) }} as {{ column }},
        {% endfor -%}
        {{ has_null_as_text() }} as has_null_as_text,
        source_row
    from file_rows

),

-- older versions' names give way to the newest
renamed as (

    select
        * replace (
            coalesce(region_id, region) as region_id,
            coalesce(consumed_quantity, usage_quantity) as consumed_quantity,
            coalesce(consumed_unit, usage_unit) as consumed_unit,
            coalesce(invoice_issuer_name, invoice_issuer) as invoice_issuer_name,
            coalesce(service_provider_name, provider_name, provider) as service_provider_name,
            coalesce(host_provider_name, publisher_name, publisher) as host_provider_name,
            coalesce(provider_name, provider, service_provider_name) as provider_name,
            coalesce(publisher_name, publisher, host_provider_name) as publisher_name,
            coalesce(
                data_generator,
                {{ data_generator_of_name('coalesce(service_provider_name, provider_name, provider)') }}
            ) as data_generator
        )
    from present

),

given as (

    {{ keep_given('renamed') }}

),

older_words_judged as (

    {{ judge_fix_ups('given', focus_older_fix_ups()) }}

),

older_words_fixed as (

    {{ apply_fix_ups('older_words_judged', focus_older_fix_ups()) }}

),

words_judged as (

    {{ judge_fix_ups('older_words_fixed', focus_text_fix_ups()) }}

),

words_fixed as (

    {{ apply_fix_ups('words_judged', focus_text_fix_ups()) }}

),

typed as (

    select
        * replace (
            {% for name in ['BilledCost', 'EffectiveCost', 'ContractedCost', 'ListCost', 'ConsumedQuantity'] -%}
            {%- set column = focus_snake_case(name) -%}
            {{ must_parse(parse_decimal(column), column, name, 'a number') }} as {{ column }},
            {% endfor -%}
            {% for name in ['BillingPeriodStart', 'BillingPeriodEnd', 'ChargePeriodStart', 'ChargePeriodEnd'] -%}
            {%- set column = focus_snake_case(name) -%}
            {{ must_parse(parse_timestamp(column), column, name, 'a time') }} as {{ column }},
            {% endfor -%}
            {% for column in [
                'pricing_quantity', 'list_unit_price', 'contracted_unit_price', 'commitment_discount_quantity',
                'pricing_currency_effective_cost', 'pricing_currency_list_unit_price',
                'pricing_currency_contracted_unit_price'
            ] -%}
            {{ parse_decimal(column) }} as {{ column }},
            {% endfor -%}
            case when json_valid(tags) then tags end as tags,
            case when json_valid(sku_price_details) then sku_price_details end as sku_price_details
        ),
        {{ sum_of_google_credits('x_credits') }} as google_credits
    from words_fixed

),

with_credits as (

    select
        *,
        case when google_credits != 0 then {{ google_credits_are() }} end as credits_are
    from typed

),

values_judged as (

    {{ judge_fix_ups('with_credits', focus_value_fix_ups()) }}

),

values_fixed as (

    {{ apply_fix_ups('values_judged', focus_value_fix_ups()) }}

),

noted as (

    select
        *,
        list_filter([
            case when effective_cost is null and billed_cost is not null then 'effective_cost_from_billed_cost' end,
            case when effective_cost is null and billed_cost is null then 'no_cost' end,
            case when billing_currency is null then 'billing_currency_assumed' end,
            case when charge_period_start is null then 'charge_period_from_billing_period' end,
            case when billing_period_start is null then 'billing_period_from_charge_period' end,
            case when not json_valid(given_tags) then 'unreadable_tags' end,
            {{- fix_up_names() }}
        ], lambda change: change is not null) as source_changes
    from values_fixed

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
    source_changes,
    {{ given_values() }} as source_values,

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
    {{ end_of_billing_period }} as billing_period_end,
    coalesce(
        charge_period_start,
        billing_period_start,
        error(source_file || ', row ' || source_row || ': has neither a ChargePeriodStart nor a BillingPeriodStart')
    ) as charge_period_start,
    coalesce(charge_period_end, case when charge_period_start is null then {{ end_of_billing_period }} end)
        as charge_period_end
from noted
