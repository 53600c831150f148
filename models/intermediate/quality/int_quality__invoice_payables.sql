with detail_rows as (

    select
        source,
        invoiceissuername as invoice_issuer_name,
        invoiceid as invoice_id,
        billingcurrency as currency,
        coalesce(invoicedetailid, source_file || ' ' || source_row) as invoice_detail_id,
        chargecategory as charge_category,
        invoiceissuestatus as issue_status,
        cast(billedcost as {{ money_type() }}) as billed_cost,
        row_number() over (
            partition by
                source, invoiceissuername, invoiceid, coalesce(invoicedetailid, source_file || ' ' || source_row)
            order by coalesce(invoicedetaillastupdated, invoicedetailcreated) desc nulls last, source_file desc
        ) as version
    from {{ ref('landed_focus_invoice_details') }}
    where source_row is not null and invoiceid is not null and billedcost is not null

),

-- each line as it was last updated; tax is left out, as of the charges. Of a voided invoice nothing is payable, and of one that
-- is not issued yet nobody knows.
details as (

    select
        source,
        invoice_issuer_name,
        invoice_id,
        currency,
        case
            when count(*) filter (where issue_status = 'Open') = 0
                then coalesce(sum(billed_cost) filter (
                        where charge_category is distinct from 'Tax' and issue_status is distinct from 'Voided'
                    ), 0)
        end as payable_amount
    from detail_rows
    where version = 1
    group by source, invoice_issuer_name, invoice_id, currency

),

stated as (

    select invoices.*
    from {{ ref('invoices') }} as invoices
    anti join details
        on
            invoices.source = details.source
            and invoices.invoice_id = details.invoice_id
            and invoices.currency = details.currency
            and coalesce(invoices.invoice_issuer_name, details.invoice_issuer_name, '')
            = coalesce(details.invoice_issuer_name, '')

)

select
    source,
    invoice_issuer_name,
    invoice_id,
    currency,
    'invoice_details' as told_by,
    cast(payable_amount as {{ money_type() }}) as payable_amount
from details
union all
select
    source,
    invoice_issuer_name,
    invoice_id,
    currency,
    'invoices' as told_by,
    cast(payable_amount as {{ money_type() }}) as payable_amount
from stated
