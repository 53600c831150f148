-- noqa: disable=ambiguous.column_count
-- a step adds to the columns of the one before; stg_focus__charges names them

with charges as (

    select * from {{ ref('base_focus__typed_charges') }}

),

sources as (

    select * from {{ ref('focus_sources') }}

),

-- a table of several providers has the columns of each of them, so the names on the row go before: who issued the invoice wrote the
-- row, a vendor's of a marketplace too. Whoever is named, and is none of the providers, wrote it in FOCUS's own way
attributed as (

    select
        charges.*,
        coalesce(
            sources.data_generator,
            {{ provider_by_name('charges.invoice_issuer_name') }},
            {{ provider_by_name('charges.service_provider_name') }},
            case when charges.service_provider_name is null then {{ provider_by_name('charges.publisher_name') }} end,
            case
                when coalesce(
                        charges.service_provider_name, charges.invoice_issuer_name, charges.publisher_name
                    ) is null
                    then charges.columns_of
            end
        ) as data_generator,
        sources.credits as declared_credits,
        coalesce(contains('|' || sources.known_gaps || '|', '|cost|'), false) as may_lack_cost
    from charges
    left join sources on charges.source = sources.source

)

-- words of 1.0-preview, and of other spellings
select
    {{ all_but(
        'charge_category, charge_class, commitment_discount_status, pricing_category, charge_frequency,
        commitment_discount_category, capacity_reservation_status, billing_currency'
    ) }},
    {{ focus_spelling(
        "case when lower(charge_subcategory) = 'credit' then 'Credit' "
        ~ "when data_generator = 'google' and lower(charge_category) in ('error', 'rounding_error') then 'Adjustment' "
        ~ "else charge_category end",
        ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment']
    ) }} as charge_category,
    {{ focus_spelling(
        "case when lower(charge_subcategory) = 'refund' then 'Correction' else charge_class end", ['Correction']
    ) }} as charge_class,
    {{ focus_spelling(
        "case lower(charge_subcategory) when 'used commitment' then 'Used' when 'unused commitment' then 'Unused' "
        ~ "else commitment_discount_status end",
        ['Used', 'Unused']
    ) }} as commitment_discount_status,
    {{ focus_spelling(
        "case lower(pricing_category) when 'on-demand' then 'Standard' when 'commitment-based' then 'Committed' "
        ~ "else pricing_category end",
        ['Standard', 'Dynamic', 'Committed', 'Other']
    ) }} as pricing_category,
    {{ focus_spelling('charge_frequency', ['One-Time', 'Recurring', 'Usage-Based']) }} as charge_frequency,
    {{ focus_spelling('commitment_discount_category', ['Spend', 'Usage']) }} as commitment_discount_category,
    {{ focus_spelling('capacity_reservation_status', ['Used', 'Unused']) }} as capacity_reservation_status,
    case when length(billing_currency) = 3 then upper(billing_currency) else billing_currency end
        as billing_currency,
    charge_category as given_charge_category,
    charge_class as given_charge_class,
    charge_frequency as given_charge_frequency,
    pricing_category as given_pricing_category,
    commitment_discount_category as given_commitment_discount_category,
    commitment_discount_status as given_commitment_discount_status,
    capacity_reservation_status as given_capacity_reservation_status,
    billing_currency as given_billing_currency,
    consumed_unit as given_consumed_unit,
    coalesce(effective_cost, billed_cost, 0) as cost
from attributed
