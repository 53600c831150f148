with charges as (

    select
        source,
        commitment_discount_id,
        billing_currency,
        charge_category,
        billed_cost,
        effective_cost,
        charge_period_start,
        coalesce(charge_period_end, charge_period_start) as charge_period_end
    from {{ ref('stg_focus__charges') }}
    where commitment_discount_id is not null and charge_category in ('Purchase', 'Usage')

),

-- what usage the source has loaded: the time that a balance can be drawn for
loaded as (

    select
        source,
        min(charge_period_start) as loaded_from,
        max(charge_period_end) as loaded_until
    from {{ ref('stg_focus__charges') }}
    where charge_category = 'Usage'
    group by source

),

purchases as (

    select
        source,
        commitment_discount_id,
        billing_currency,
        sum(billed_cost) as billed_cost,
        count(*) as row_count,
        min(charge_period_start) as covers_from,
        max(charge_period_end) as covers_until
    from charges
    where charge_category = 'Purchase'
    group by source, commitment_discount_id, billing_currency

),

covered as (

    select
        charges.source,
        charges.commitment_discount_id,
        charges.billing_currency,
        sum(charges.effective_cost) as effective_cost,
        count(*) as row_count
    from charges
    left join purchases
        on
            charges.source = purchases.source
            and charges.commitment_discount_id = purchases.commitment_discount_id
            and charges.billing_currency = purchases.billing_currency
    where
        charges.charge_category = 'Usage'
        and (
            purchases.source is null
            or (
                charges.charge_period_start >= purchases.covers_from
                and charges.charge_period_start < purchases.covers_until
            )
        )
    group by charges.source, charges.commitment_discount_id, charges.billing_currency

),

both_sides as (

    select
        coalesce(purchases.source, covered.source) as source,
        coalesce(purchases.commitment_discount_id, covered.commitment_discount_id) as commitment_discount_id,
        coalesce(purchases.billing_currency, covered.billing_currency) as billing_currency,
        purchases.billed_cost,
        covered.effective_cost,
        coalesce(purchases.row_count, 0) + coalesce(covered.row_count, 0) as row_count,
        purchases.covers_from,
        purchases.covers_until
    from purchases
    full join covered
        on
            purchases.source = covered.source
            and purchases.commitment_discount_id = covered.commitment_discount_id
            and purchases.billing_currency = covered.billing_currency

),

compared as (

    select
        both_sides.source,
        both_sides.commitment_discount_id,
        both_sides.billing_currency,
        both_sides.billed_cost,
        both_sides.effective_cost,
        both_sides.row_count,
        both_sides.covers_from,
        both_sides.covers_until,
        {{ billing_tolerance('both_sides.row_count', 'currencies.minor_unit_digits') }} as tolerance,
        coalesce(
            both_sides.billed_cost is not null
            and both_sides.effective_cost is not null
            and both_sides.covers_from >= loaded.loaded_from
            and both_sides.covers_until <= loaded.loaded_until,
            false
        ) as is_closable
    from both_sides
    left join loaded on both_sides.source = loaded.source
    left join {{ ref('currencies') }} as currencies on both_sides.billing_currency = currencies.currency

)

select
    source,
    commitment_discount_id,
    billing_currency,
    case
        when not is_closable then 'not_closable'
        when abs(effective_cost - billed_cost) <= tolerance then 'met'
        else 'violated'
    end as status,
    cast(billed_cost as {{ money_type() }}) as billed_cost,
    cast(effective_cost as {{ money_type() }}) as effective_cost,
    cast(effective_cost - billed_cost as {{ money_type() }}) as difference,
    tolerance,
    row_count,
    covers_from,
    covers_until
from compared
