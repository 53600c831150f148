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

{# [rule, which rows it is about, which of them break it, what to show of such a row]. What the rules mean and why they
   matter is in seeds/reference/focus_conformance_rules.csv. #}
{% set uncovered_usage = "charge_category = 'Usage' and commitment_discount_id is null" %}
{# What the calendar has ahead is the longest that usage can last; of a commitment it is worth a look. #}
{% set years_ahead = "interval '" ~ [var('calendar_years_ahead') | int, 1] | max ~ " years'" %}
{% set no_correction = "charge_class is distinct from 'Correction'" %}
{% set rules = [
    (
        'charge_period_ordered', 'charge_period_end is not null', 'charge_period_end < charge_period_start',
        "charge_period_start || ' to ' || charge_period_end"
    ),
    (
        'charge_period_has_length', 'charge_period_end is not null', 'charge_period_end = charge_period_start',
        "charge_period_start || ' to ' || charge_period_end"
    ),
    (
        'billing_period_ordered', 'billing_period_end is not null', 'billing_period_end <= billing_period_start',
        "billing_period_start || ' to ' || billing_period_end"
    ),
    (
        'periods_plausible', 'charge_period_start is not null or billing_period_start is not null',
        "year(charge_period_start) not between 2000 and 2099 or year(billing_period_start) not between 2000 and 2099
            or year(charge_period_end) not between 2000 and 2099
            or (charge_category = 'Usage' and charge_period_end > charge_period_start + " ~ years_ahead ~ ')',
        "concat_ws(' in ', charge_period_start || coalesce(' to ' || charge_period_end, ''), billing_period_start || '')"
    ),
    (
        'charge_period_in_calendar', 'charge_period_start is not null',
        'coalesce(charge_period_end, charge_period_start) > newest_file_written_at + ' ~ years_ahead,
        "charge_period_start || coalesce(' to ' || charge_period_end, '')"
    ),
    (
        'charge_period_near_billing_period', no_correction,
        'charge_period_start >= billing_period_end + interval 1 month
            or charge_period_end <= billing_period_start - interval 1 month',
        "charge_period_start || ' in ' || billing_period_start"
    ),
    (
        'list_cost_is_price_times_quantity',
        no_correction ~ ' and list_unit_price is not null and pricing_quantity is not null and list_cost is not null',
        differs_from_product('list_cost', 'list_unit_price', 'pricing_quantity'),
        "list_unit_price || ' x ' || pricing_quantity || ' is not ' || list_cost"
    ),
    (
        'contracted_cost_is_price_times_quantity',
        no_correction
        ~ ' and contracted_unit_price is not null and pricing_quantity is not null and contracted_cost is not null',
        differs_from_product('contracted_cost', 'contracted_unit_price', 'pricing_quantity'),
        "contracted_unit_price || ' x ' || pricing_quantity || ' is not ' || contracted_cost"
    ),
    (
        'contracted_cost_within_list_cost',
        "charge_category = 'Usage' and list_cost > 0 and contracted_cost is not null",
        'contracted_cost > list_cost + 0.0001', "contracted_cost || ' > ' || list_cost"
    ),
    (
        'commitment_purchase_without_effective_cost',
        "charge_category = 'Purchase' and commitment_discount_id is not null", 'effective_cost != 0', 'effective_cost'
    ),
    (
        'unused_commitment_without_consumed_quantity', "commitment_discount_status = 'Unused'",
        'consumed_quantity is not null', 'consumed_quantity'
    ),
    (
        'unused_commitment_has_effective_cost', "commitment_discount_status = 'Unused'",
        'effective_cost = 0', 'commitment_discount_id'
    ),
    (
        'commitment_usage_has_status', "charge_category = 'Usage' and commitment_discount_id is not null",
        'commitment_discount_status is null', 'commitment_discount_id'
    ),
    (
        'purchase_not_usage_based', "charge_category = 'Purchase'", "charge_frequency = 'Usage-Based'",
        'charge_description'
    ),
    (
        'consumed_quantity_on_usage_only', "charge_category != 'Usage'", 'consumed_quantity is not null',
        "charge_category || ' ' || consumed_quantity"
    ),
    (
        'negative_usage_repeats_quantity',
        "charge_category = 'Usage' and effective_cost < 0 and " ~ no_correction, 'consumed_quantity > 0',
        "effective_cost || ' for ' || consumed_quantity"
    ),
    (
        'consumed_quantity_has_unit', 'consumed_quantity is not null', 'consumed_unit is null', 'consumed_quantity'
    ),
    (
        'pricing_quantity_has_unit', 'pricing_quantity is not null', 'pricing_unit is null', 'pricing_quantity'
    ),
    (
        'quantities_only_with_sku_price', 'sku_price_id is null and ' ~ no_correction,
        'pricing_quantity is not null or consumed_quantity is not null', 'coalesce(pricing_quantity, consumed_quantity)'
    ),
    (
        'date_only_end_of_month', "charge_period_end is not null and day(charge_period_start) = 1",
        "day(charge_period_end + interval 1 day) = 1 and charge_period_end = date_trunc('day', charge_period_end)
            and charge_period_end > charge_period_start + interval 25 day",
        "charge_period_start || ' to ' || charge_period_end"
    ),
    (
        'uncovered_usage_effective_is_billed',
        "charge_category in ('Usage', 'Purchase', 'Tax', 'Credit') and commitment_discount_id is null"
        ~ " and capacity_reservation_status is null and billed_cost != 0",
        "case
                when charge_category = 'Usage'
                    then abs(effective_cost - billed_cost) > greatest(0.0001, 0.000001 * abs(billed_cost))
                else effective_cost = 0
            end",
        "billed_cost || ' became ' || effective_cost"
    ),
    (
        'effective_cost_not_rounded', uncovered_usage ~ ' and billed_cost != ' ~ whole_part('billed_cost'),
        'effective_cost = ' ~ whole_part('effective_cost'), "billed_cost || ' became ' || effective_cost"
    )
] %}
{% set needed_columns = [
    'billed_cost', 'contracted_cost', 'list_cost', 'charge_category', 'billing_account_id', 'invoice_issuer_name',
    'service_provider_name', 'service_category', 'service_name', 'charge_period_end'
] %}
{% for column in needed_columns %}
{% do rules.append((column ~ '_present', 'true', column ~ ' is null', "'(null)'")) %}
{% endfor %}

with newest_file as (

    select max(modified_at) as written_at from {{ ref('base_focus__files') }}

),

charges as (

    select
        charges.*,
        newest_file.written_at as newest_file_written_at
    from {{ ref('stg_focus__charges') }} as charges
    cross join newest_file
    where {{ is_not_landed() }}

),

checked as (

    select
        {% for rule_id, applies, _, _ in rules %}
        count(*) filter (where {{ applies }}) as {{ rule_id }},
        {% endfor %}
        source_file,
        file_version
    from charges
    group by source_file, file_version

),

-- the few rows that break a rule: an example as text is dear, and DuckDB writes the text of each row that it reads
broken as (

    select * from charges
    where
    {% for _, applies, violates, _ in rules %}
        {{ 'or ' if not loop.first }}(({{ applies }}) and ({{ violates }}))
    {% endfor %}

),

found as (

    select
        {% for rule_id, applies, violates, example in rules %}
        count(*) filter (where ({{ applies }}) and ({{ violates }})) as {{ rule_id }}__violating,
        min(source_row) filter (where ({{ applies }}) and ({{ violates }})) as {{ rule_id }}__row,
        {{ value_at('min', 'cast(' ~ example ~ ' as string)', 'source_row') }} filter (
            where ({{ applies }}) and ({{ violates }})
        ) as {{ rule_id }}__value,
        sum({{ touched_cost() }}) filter (where ({{ applies }}) and ({{ violates }})) as {{ rule_id }}__cost,
        {% endfor %}
        source_file,
        file_version
    from broken
    group by source_file, file_version

),

-- a row for each rule: in one pass, because Spark would read the charges anew for each branch of a union
by_rule as (

    select
        checked.source_file,
        checked.file_version,
        rules.rule_id,
        case rules.rule_id
            {% for rule_id, _, _, _ in rules %}
            when '{{ rule_id }}' then found.{{ rule_id }}__value
            {% endfor %}
        end as example_value,
        case rules.rule_id
            {% for rule_id, _, _, _ in rules %}
            when '{{ rule_id }}' then checked.{{ rule_id }}
            {% endfor %}
        end as checked_count,
        case rules.rule_id
            {% for rule_id, _, _, _ in rules %}
            when '{{ rule_id }}' then found.{{ rule_id }}__violating
            {% endfor %}
        end as violating_count,
        case rules.rule_id
            {% for rule_id, _, _, _ in rules %}
            when '{{ rule_id }}' then found.{{ rule_id }}__cost
            {% endfor %}
        end as touched_cost,
        case rules.rule_id
            {% for rule_id, _, _, _ in rules %}
            when '{{ rule_id }}' then found.{{ rule_id }}__row
            {% endfor %}
        end as example_row
    from checked
    left join found on checked.source_file = found.source_file and checked.file_version = found.file_version
    cross join (
        values
        {% for rule_id, _, _, _ in rules %}
        ('{{ rule_id }}'){{ ',' if not loop.last }}
        {% endfor %}
    ) as rules (rule_id)

)

select
    source_file,
    file_version,
    rule_id,
    example_value,
    checked_count,
    coalesce(violating_count, 0) as violating_count,
    cast(coalesce(touched_cost, 0) as {{ money_type() }}) as touched_cost,
    example_row
from by_rule
