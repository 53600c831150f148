{% set reporting_currency = sql_text(var('reporting_currency')) %}

with charges as (

    select
        source,
        cast(billing_period_start as date) as billing_period_start,
        cast(max(billing_period_end) as date) as billing_period_end,
        {{ texts_of_group('billing_currency') }} as billing_currency,
        coalesce(sum(effective_cost) filter (where billing_currency = {{ reporting_currency }}), 0) as effective_cost
    from {{ ref('stg_focus__charges') }}
    group by source, cast(billing_period_start as date)

),

-- bills in other currencies have no cost in the reporting currency before they are converted
converted as (

    select
        source,
        billing_period_start,
        sum(effective_cost) as effective_cost
    from {{ ref('int_costs__cost_lines_daily') }}
    where billing_currency != {{ reporting_currency }}
    group by source, billing_period_start

),

came_in as (

    select
        charges.source,
        charges.billing_period_start,
        charges.billing_period_end,
        charges.billing_currency,
        charges.effective_cost + coalesce(converted.effective_cost, 0) as effective_cost
    from charges
    left join converted
        on charges.source = converted.source and charges.billing_period_start = converted.billing_period_start

),

-- a shared line that nobody can carry is as unallocated as what no rule matches: one number, here and everywhere.
ledger as (

    select
        source,
        billing_period_start,
        case when deployment_id = '(unallocated)' then 'unallocated' else treatment end as treatment,
        effective_cost
    from {{ ref('int_allocation__cost_ledger_daily') }}

),

went_out as (

    select
        source,
        billing_period_start,
        {{ columns(
            ['direct', 'pool', 'shared', 'excluded', 'unallocated'],
            "coalesce(sum(effective_cost) filter (where treatment = '{0}'), 0) as {0}_cost"
        ) }},
        sum(effective_cost) as effective_cost
    from ledger
    group by source, billing_period_start

)

select
    coalesce(came_in.source, went_out.source) as source,
    coalesce(came_in.billing_currency, '(none)') as billing_currency,
    {{ reporting_currency }} as currency,
    cast(coalesce(came_in.effective_cost, 0) as {{ money_type() }}) as effective_cost_in,
    {{ columns(
        ['direct', 'pool', 'shared', 'excluded', 'unallocated'],
        'cast(coalesce(went_out.{0}_cost, 0) as ' ~ money_type() ~ ') as {0}_cost'
    ) }},
    cast(coalesce(went_out.effective_cost, 0) as {{ money_type() }}) as effective_cost_out,
    cast(coalesce(came_in.effective_cost, 0) - coalesce(went_out.effective_cost, 0) as {{ money_type() }})
        as difference,
    coalesce(came_in.billing_period_start, went_out.billing_period_start) as billing_period_start,
    came_in.billing_period_end,
    arrivals.complete_until as charges_until
from came_in
full outer join went_out
    on came_in.source = went_out.source and came_in.billing_period_start = went_out.billing_period_start
left join {{ ref('int_costs__source_arrivals') }} as arrivals
    on coalesce(came_in.source, went_out.source) = arrivals.source
