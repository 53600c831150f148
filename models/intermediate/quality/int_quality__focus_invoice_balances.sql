with charges as (

    select
        source,
        invoice_id,
        invoice_issuer_name,
        billing_currency,
        sum(billed_cost) filter (where charge_category is distinct from 'Tax') as billed_cost,
        count(*) as row_count,
        count(*) over (partition by source, invoice_id, invoice_issuer_name) as currency_count,
        min(billing_period_start) as billing_period_start
    from {{ ref('stg_focus__charges') }}
    where invoice_id is not null
    group by source, invoice_id, invoice_issuer_name, billing_currency

),

compared as (

    select
        charges.source,
        charges.invoice_id,
        charges.invoice_issuer_name,
        charges.billing_currency,
        cast(coalesce(charges.billed_cost, 0) as {{ money_type() }}) as billed_cost,
        cast(invoices.payable_amount as {{ money_type() }}) as payable_amount,
        {{ billing_tolerance('charges.row_count', 'currencies.minor_unit_digits') }} as tolerance,
        charges.row_count,
        charges.currency_count,
        charges.billing_period_start
    from charges
    left join {{ ref('int_quality__invoice_payables') }} as invoices
        on
            charges.source = invoices.source
            and charges.invoice_id = invoices.invoice_id
            and charges.billing_currency = invoices.currency
            and (
                invoices.invoice_issuer_name is null or charges.invoice_issuer_name = invoices.invoice_issuer_name
            )
    left join {{ ref('currencies') }} as currencies on charges.billing_currency = currencies.currency

)

select
    source,
    invoice_id,
    invoice_issuer_name,
    billing_currency,
    case
        when payable_amount is null then 'not_closable'
        when abs(billed_cost - payable_amount) <= tolerance then 'met'
        else 'violated'
    end as status,
    billed_cost,
    payable_amount,
    cast(billed_cost - payable_amount as {{ money_type() }}) as difference,
    tolerance,
    row_count,
    currency_count,
    billing_period_start
from compared
