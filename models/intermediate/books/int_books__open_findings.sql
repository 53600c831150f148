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

findings as (

    select
        charge_month,
        currency,
        month_cost,
        unnest(['unallocated', 'unobserved']) as finding,
        unnest([unallocated, unobserved]) as amount,
        unnest([
            cast({{ var('closing_max_unallocated_share') }} as decimal(9, 6)),
            cast({{ var('closing_max_unobserved_share') }} as decimal(9, 6))
        ]) as share_limit
    from months

)

select
    charge_month,
    finding,
    currency,
    cast(amount as {{ money_type() }}) as amount,
    month_cost,
    share_limit
from findings
