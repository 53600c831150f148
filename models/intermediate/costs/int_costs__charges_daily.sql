{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        partition_by=partition_on('source_file'),
        on_schema_change='fail',
        pre_hook=[
            "{{ forget_changed_files(ref('stg_focus__files'), 'is_current') }}",
            "{{ choose_new_files(ref('stg_focus__files'), 'is_current') }}"
        ]
    )
}}

-- the FOCUS rules of severity error stop the build before this model
-- depends_on: {{ ref('int_quality__focus_findings') }}

with charges as (

    select
        source_file,
        source_row,
        file_version,
        source,
        billing_currency,
        cast(billing_period_start as date) as billing_period_start,
        cast(billing_period_end as date) as billing_period_end,
        {{ charge_attribute_key() }} as attribute_key,
        effective_cost,
        consumed_quantity,
        charge_period_start,
        -- a charge without a length lies on the day on which it starts
        greatest(coalesce(charge_period_end, charge_period_start), charge_period_start + interval 1 microsecond)
            as charge_period_end
    from {{ ref('stg_focus__charges') }}
    where {{ is_not_landed() }}

),

with_last_day as (

    select
        *,
        cast(charge_period_start as date) as first_day,
        cast(charge_period_end - interval 1 microsecond as date) as last_day
    from charges

),

day_parts as (

    select
        *,
        {{ each_time('cast(first_day as timestamp)', 'cast(last_day as timestamp)') }} as day_start,
        {{ money_to_units('effective_cost') }} as cost_units,
        {{ money_to_units('consumed_quantity') }} as quantity_units
    from with_last_day
    where last_day > first_day

),

weighted as (

    select
        *,
        cast({{ microseconds('least(charge_period_end, day_start + interval 1 day)') }} as {{ wide_integer() }})
        - {{ microseconds('greatest(charge_period_start, day_start)') }} as covered_microseconds
    from day_parts

),

cost_spread as (

    {{ largest_remainder(
        'weighted', 'cost_units', 'covered_microseconds', ['source_file', 'source_row'], ['day_start'], 'day_cost_units'
    ) }}

),

spread as (

    {{ largest_remainder(
        'cost_spread', 'quantity_units', 'covered_microseconds', ['source_file', 'source_row'], ['day_start'],
        'day_quantity_units'
    ) }}

),

charge_days as (

    select
        source_file,
        file_version,
        source,
        billing_currency,
        billing_period_start,
        billing_period_end,
        attribute_key,
        first_day as date_day,
        effective_cost,
        consumed_quantity
    from with_last_day
    where last_day = first_day
    union all
    select
        source_file,
        file_version,
        source,
        billing_currency,
        billing_period_start,
        billing_period_end,
        attribute_key,
        cast(day_start as date) as date_day,
        {{ units_to_money('day_cost_units') }} as effective_cost,
        {{ units_to_money('day_quantity_units') }} as consumed_quantity
    from spread

)

select
    source_file,
    file_version,
    source,
    billing_currency,
    attribute_key,
    cast(sum(effective_cost) as {{ money_type() }}) as effective_cost,
    cast(sum(consumed_quantity) as {{ money_type() }}) as consumed_quantity,
    count(*) - count(consumed_quantity) as rows_without_quantity,
    count(*) as charge_days,
    date_day,
    billing_period_start,
    max(billing_period_end) as billing_period_end
from charge_days
group by source_file, file_version, source, billing_currency, attribute_key, date_day, billing_period_start
