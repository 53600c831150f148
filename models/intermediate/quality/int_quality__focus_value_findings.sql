{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('source_file'),
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_files(ref('stg_focus__files'), 'is_current') }}",
        "{{ choose_new_files(ref('stg_focus__files'), 'is_current') }}"
    ]
) }}

{% set enumerated = {
    'ChargeCategory': 'charge_category',
    'ChargeClass': 'charge_class',
    'ChargeFrequency': 'charge_frequency',
    'PricingCategory': 'pricing_category',
    'CommitmentDiscountCategory': 'commitment_discount_category',
    'CommitmentDiscountStatus': 'commitment_discount_status',
    'CapacityReservationStatus': 'capacity_reservation_status',
    'ServiceCategory': 'service_category',
    'BillingCurrency': 'billing_currency'
} %}

with charges as (

    select * from {{ ref('stg_focus__charges') }}
    where {{ is_not_landed() }}

),

column_values as (

    {% for name, column in enumerated.items() %}
    select
        source_file,
        file_version,
        '{{ name }}' as column_name,
        {{ column }} as column_value,
        count(*) as row_count,
        sum({{ touched_cost() }}) as touched_cost,
        min(source_row) as first_row
    from charges
    where {{ column }} is not null
    group by source_file, file_version, {{ column }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

currencies as (

    select array_agg(currency) as codes from {{ ref('currencies') }}

),

judged as (

    select
        column_values.source_file,
        column_values.file_version,
        rules.rule_id,
        column_values.column_value,
        column_values.row_count,
        column_values.touched_cost,
        column_values.first_row,
        not case
            when rules.check_kind = 'currency' then array_contains(currencies.codes, column_values.column_value)
            else contains('|' || rules.allowed_values || '|', '|' || column_values.column_value || '|')
        end as is_violation
    from column_values
    inner join {{ ref('focus_conformance_rules') }} as rules
        on column_values.column_name = rules.column_name and rules.check_kind in ('allowed_values', 'currency')
    cross join currencies

)

select
    source_file,
    file_version,
    rule_id,
    min_by(column_value, first_row) filter (where is_violation) as example_value,
    cast(sum(row_count) as bigint) as checked_count,
    cast(coalesce(sum(row_count) filter (where is_violation), 0) as bigint) as violating_count,
    cast(coalesce(sum(touched_cost) filter (where is_violation), 0) as {{ money_type() }}) as touched_cost,
    min(first_row) filter (where is_violation) as example_row
from judged
group by source_file, file_version, rule_id
