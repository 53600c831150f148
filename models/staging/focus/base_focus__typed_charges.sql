-- noqa: disable=ambiguous.column_count
-- a step adds to the columns of the one before; stg_focus__charges names them

{% set times = [
    'given_billing_period_start', 'given_billing_period_end', 'given_charge_period_start', 'given_charge_period_end'
] %}
{# A pattern is dear: it is asked of the few rows that a look at one letter does not settle. #}
{% set format_notes %}
    case when has_null_as_text then 'null_as_text' end,
    case
        when contains(times, '/')
            then case
                    when not {{ matches('times', "'(^| )\\d\\d?/\\d'") }} then null
                    when is_day_first then 'day_first_date'
                    else 'month_first_date'
                end
    end,
    case
        when {{ columns(times, "(length({0}) > 10 and substr({0}, 17, 1) != ':')", '\n            or ') }}
            then case
                    when {{ matches('times', "'\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d([^:]|$)'") }} then 'time_without_seconds'
                end
    end,
    case
        when {{ columns(times, "substr({0}, 12, 2) > '23'", '\n            or ') }}
            then case
                    when {{ matches('times', "'\\d{4}-\\d\\d-\\d\\d[T ](2[4-9]|[3-9]\\d):'") }} then 'hour_beyond_23'
                end
    end,
    case when {{ columns(['$', '€', '£', '¥', ','], "contains(amounts, '{0}')", ' or ') }} then 'number_with_symbols' end,
    case
        when
            {{ beyond_eighteen_decimals('given_billed_cost') }}
            or {{ beyond_eighteen_decimals('given_effective_cost') }}
            or {{ beyond_eighteen_decimals('given_contracted_cost') }}
            or {{ beyond_eighteen_decimals('given_list_cost') }}
            or {{ beyond_eighteen_decimals('given_consumed_quantity') }}
            then 'beyond_eighteen_decimals'
    end
{% endset %}

with charges as (

    select * from {{ ref('base_focus__charges') }}

),

-- whoever divides cells by semicolons may do so because numbers have commas; so may others who use no comma, unless a number
-- of the file has a point
files_of_commas as (

    select source_file from {{ ref('base_focus__files') }}
    where
        delimiter = ';'
        or delimiter in ('|', chr(9)) and source_file not in (
            select source_file from {{ ref('base_focus__charges') }}
            where contains(billed_cost, '.') or contains(effective_cost, '.')
        )

),

day_first_files as (

    select * from {{ ref('base_focus__day_first_files') }}

),

-- what the file said, beside what it is read as
given as (

    select
        charges.*,
        files_of_commas.source_file is not null as may_have_commas,
        day_first_files.source_file is not null as is_day_first,
        effective_cost as given_effective_cost,
        billed_cost as given_billed_cost,
        contracted_cost as given_contracted_cost,
        list_cost as given_list_cost,
        contracted_unit_price as given_contracted_unit_price,
        list_unit_price as given_list_unit_price,
        consumed_quantity as given_consumed_quantity,
        pricing_quantity as given_pricing_quantity,
        billing_period_start as given_billing_period_start,
        billing_period_end as given_billing_period_end,
        charge_period_start as given_charge_period_start,
        charge_period_end as given_charge_period_end,
        tags as given_tags,
        concat_ws(' ', billing_period_start, billing_period_end, charge_period_start, charge_period_end) as times,
        concat_ws(' ', billed_cost, effective_cost, contracted_cost, list_cost, consumed_quantity) as amounts
    from charges
    left join files_of_commas on charges.source_file = files_of_commas.source_file
    left join day_first_files on charges.source_file = day_first_files.source_file

),

typed as (

    select
        given.{{ all_but(
            'times, amounts, may_have_commas, is_day_first, has_null_as_text, effective_cost, billed_cost, contracted_cost, list_cost, consumed_quantity,
            pricing_quantity, contracted_unit_price, list_unit_price, commitment_discount_quantity,
            pricing_currency_effective_cost, pricing_currency_contracted_unit_price, pricing_currency_list_unit_price,
            billing_period_start, billing_period_end, charge_period_start, charge_period_end, tags, allocated_tags,
            sku_price_details'
        ) }},
        {{ parse_decimal('effective_cost') }} as effective_cost,
        {{ parse_decimal('billed_cost') }} as billed_cost,
        {{ parse_decimal('contracted_cost') }} as contracted_cost,
        {{ parse_decimal('list_cost') }} as list_cost,
        {{ parse_decimal('consumed_quantity') }} as consumed_quantity,
        {{ parse_decimal('pricing_quantity') }} as pricing_quantity,
        {{ parse_decimal('contracted_unit_price') }} as contracted_unit_price,
        {{ parse_decimal('list_unit_price') }} as list_unit_price,
        {{ parse_decimal('commitment_discount_quantity') }} as commitment_discount_quantity,
        {{ parse_decimal('pricing_currency_effective_cost') }} as pricing_currency_effective_cost,
        {{ parse_decimal('pricing_currency_contracted_unit_price') }} as pricing_currency_contracted_unit_price,
        {{ parse_decimal('pricing_currency_list_unit_price') }} as pricing_currency_list_unit_price,
        {{ parse_timestamp('billing_period_start') }} as billing_period_start,
        {{ parse_timestamp('billing_period_end') }} as billing_period_end,
        {{ parse_timestamp('charge_period_start') }} as charge_period_start,
        {{ parse_timestamp('charge_period_end') }} as charge_period_end,
        {{ normal_tags('tags') }} as tags,
        {{ normal_tags('allocated_tags') }} as allocated_tags,
        case when {{ is_json('sku_price_details') }} then sku_price_details end as sku_price_details,
        {{ sum_of_credits('x_credits') }} as google_credits,
        -- 1,500 is 1.5 or 1500 there; 1,500.00 can be read
        case
            when may_have_commas and contains(amounts, ',') then {{ matches('amounts', "'(^| )[^ .]*,[^ .]*( |$)'") }}
            else false
        end as has_doubtful_comma,
        -- read without a change of meaning, but written so that somebody could read it otherwise
        {{ list_of_known(format_notes) }} as format_notes
    from given

)

select
    {{ all_but('has_doubtful_comma') }},
    -- a value that is there and cannot be read is not known, and not nothing
    (given_effective_cost is not null and effective_cost is null)
    or (given_billed_cost is not null and billed_cost is null)
    or (given_contracted_cost is not null and contracted_cost is null)
    or (given_list_cost is not null and list_cost is null)
    or (given_consumed_quantity is not null and consumed_quantity is null)
    or has_doubtful_comma
    or case
        when x_credits is not null and google_credits is null then not {{ has_no_credits('x_credits') }}
        else false
    end as has_unreadable_number,
    (given_billing_period_start is not null and billing_period_start is null)
    or (given_billing_period_end is not null and billing_period_end is null)
    or (given_charge_period_start is not null and charge_period_start is null)
    or (given_charge_period_end is not null and charge_period_end is null) as has_unreadable_time
from typed
