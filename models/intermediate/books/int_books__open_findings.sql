with costs as (

    select
        deployment_id,
        effective_cost,
        currency,
        cast(date_trunc('month', date_day) as date) as charge_month
    from {{ ref('fct_deployment_costs_daily') }}

),

months as (

    select
        charge_month,
        currency,
        cast(sum(effective_cost) as {{ money_type() }}) as month_cost,
        coalesce(sum(effective_cost) filter (where deployment_id = '(unallocated)'), 0) as unallocated,
        coalesce(sum(effective_cost) filter (where deployment_id = '(unobserved)'), 0) as unobserved
    from costs
    group by charge_month, currency

),

limits as (

    select
        unnest(['unallocated', 'unobserved', 'conformance', 'invoices']) as finding,
        unnest([
            cast({{ var('closing_max_unallocated_share') }} as decimal(9, 6)),
            cast({{ var('closing_max_unobserved_share') }} as decimal(9, 6)),
            cast({{ var('closing_max_conformance_share') }} as decimal(9, 6)),
            cast({{ var('closing_max_invoices_share') }} as decimal(9, 6))
        ]) as share_limit

)

select
    months.charge_month,
    limits.finding,
    months.currency,
    cast(
        case limits.finding
            when 'unallocated' then months.unallocated
            when 'unobserved' then months.unobserved
            else coalesce(conformance_months.amount, 0)
        end as {{ money_type() }}
    ) as amount,
    months.month_cost,
    limits.share_limit
from months
cross join limits
left join {{ ref('int_books__conformance_months') }} as conformance_months
    on months.charge_month = conformance_months.charge_month and limits.finding = conformance_months.finding
