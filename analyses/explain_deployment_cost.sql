{#-
    Why did a deployment cost this much on a day? A tree: the total; the ways on which cost came, with the rule and the
    share; for cost that went through another shared pool, that pool; and the charges at the leaves.

        dbt show --profiles-dir profiles --select explain_deployment_cost --limit -1 \
            --vars '{explain_deployment: chat-large, explain_date: 2026-07-15}'

    Without the variables: the dearest deployment of the last day whose charges have arrived. A branch is exactly the
    sum of its entries in the ledger; charges at the leaves are rounded to a millionth.
-#}
{%- set deployment = var('explain_deployment') -%}
{%- set is_asked = 'ledger.deployment_id = ' ~ sql_text(deployment) if deployment
    else "not starts_with(ledger.deployment_id, '(')" -%}
{%- set date = var('explain_date') -%}
with pool_costs as (

    select * from {{ ref('int_allocation__pool_costs_daily') }}

),

shared_costs as (

    select * from {{ ref('int_allocation__shared_costs_daily') }}

),

ledger as (

    select * from {{ ref('int_allocation__cost_ledger_daily') }}

),

pool_shares as (

    select * from {{ ref('int_allocation__pool_shares_daily') }}

),

shared_weights as (

    select * from {{ ref('int_allocation__shared_weights_daily') }}

),

cost_lines as (

    select * from {{ ref('int_costs__cost_lines_daily') }}

),

asked_day as (

    {% if date -%}
    select cast({{ sql_text(date) }} as date) as date_day
    {%- else -%}
    select min(complete_until) - 1 as date_day
    from {{ ref('int_costs__source_arrivals') }}
    where is_live
    {%- endif %}

),

asked as (

    select ledger.date_day, ledger.deployment_id
    from ledger
    inner join asked_day on ledger.date_day = asked_day.date_day
    where {{ is_asked }}
    group by ledger.date_day, ledger.deployment_id
    order by sum(ledger.effective_cost) desc, ledger.deployment_id
    limit 1

),

-- the parts of the ledger, those of capacity pools by resource, shared ones by the pool whose driver they came through
parts as (

    select
        ledger.date_day,
        ledger.source,
        ledger.billing_period_start,
        ledger.deployment_id,
        ledger.treatment,
        ledger.origin_pool,
        ledger.cost_origin,
        ledger.allocation_note,
        ledger.origin_pool as exit_pool,
        '(none)' as resource_kind,
        ledger.effective_cost
    from ledger
    inner join asked on ledger.date_day = asked.date_day and ledger.deployment_id = asked.deployment_id
    where ledger.treatment not in ('pool', 'shared')
    union all
    select
        pool_costs.date_day,
        pool_costs.source,
        pool_costs.billing_period_start,
        pool_costs.deployment_id,
        'pool' as treatment,
        pool_costs.pool_id as origin_pool,
        pool_costs.cost_origin,
        pool_costs.allocation_note,
        pool_costs.pool_id as exit_pool,
        pool_costs.resource_kind,
        pool_costs.effective_cost
    from pool_costs
    inner join asked on pool_costs.date_day = asked.date_day and pool_costs.deployment_id = asked.deployment_id
    union all
    select
        shared_costs.date_day,
        shared_costs.source,
        shared_costs.billing_period_start,
        shared_costs.deployment_id,
        'shared' as treatment,
        shared_costs.pool_id as origin_pool,
        shared_costs.cost_origin,
        shared_costs.allocation_note,
        shared_costs.exit_pool_id as exit_pool,
        '(none)' as resource_kind,
        shared_costs.effective_cost
    from shared_costs
    inner join asked
        on shared_costs.date_day = asked.date_day and shared_costs.deployment_id = asked.deployment_id

),

driver_totals as (

    select
        date_day,
        pool_id,
        driver,
        deployment_id,
        quantity,
        weight,
        sum(weight) over (partition by date_day, pool_id) as total_weight
    from shared_weights

),

branches as (

    select
        parts.treatment,
        parts.origin_pool,
        parts.cost_origin,
        parts.exit_pool,
        parts.resource_kind,
        case parts.treatment
            when 'direct' then 'a cost rule names the deployment'
            when 'pool'
                then case
                        when parts.cost_origin = 'usage'
                            then format(
                                    '{} of {} {}-seconds, reserved or used',
                                    pool_shares.resource_seconds,
                                    greatest(pool_shares.pool_capacity_seconds, pool_shares.pool_used_seconds),
                                    parts.resource_kind
                                )
                        else format(
                                '{} of {} {}-seconds in use',
                                pool_shares.resource_seconds,
                                pool_shares.pool_used_seconds,
                                parts.resource_kind
                            )
                    end
            when 'shared'
                then 'driver ' || driver_totals.driver
                    || format(': {} of {}', driver_totals.weight, driver_totals.total_weight)
        end as share,
        any_value(parts.allocation_note) as allocation_note,
        sum(parts.effective_cost) as effective_cost
    from parts
    left join pool_shares
        on
            parts.date_day = pool_shares.date_day
            and parts.origin_pool = pool_shares.pool_id
            and parts.resource_kind = pool_shares.resource_kind
            and parts.deployment_id = pool_shares.deployment_id
    left join driver_totals
        on
            parts.date_day = driver_totals.date_day
            and parts.exit_pool = driver_totals.pool_id
            and parts.deployment_id = driver_totals.deployment_id
    group by parts.treatment, parts.origin_pool, parts.cost_origin, parts.exit_pool, parts.resource_kind, share

),

-- what part of a line of the bill came here, and the charges in that line
line_shares as (

    select
        parts.source,
        parts.billing_period_start,
        parts.treatment,
        parts.origin_pool,
        parts.cost_origin,
        parts.exit_pool,
        parts.resource_kind,
        parts.date_day,
        case parts.treatment when 'direct' then parts.deployment_id else parts.origin_pool end as target,
        case parts.cost_origin when 'unused_commitment' then parts.cost_origin else 'usage' end as line_origin,
        parts.effective_cost as part
    from parts
    where parts.effective_cost != 0

),

line_totals as (

    select
        date_day,
        source,
        billing_period_start,
        treatment,
        target,
        cost_origin,
        sum(effective_cost) as effective_cost
    from cost_lines
    group by date_day, source, billing_period_start, treatment, target, cost_origin

),

charges as (

    select
        charges.date_day,
        charges.source,
        charges.billing_period_start,
        charges.billing_currency,
        matches.treatment,
        matches.target,
        case
            when attributes.commitment_discount_status = 'Unused' or attributes.capacity_reservation_status = 'Unused'
                then 'unused_commitment'
            else 'usage'
        end as cost_origin,
        matches.rule_priority,
        concat_ws(
            ' · ', charges.source, attributes.service_name, attributes.charge_category, attributes.resource_id
        ) as charge,
        sum(charges.effective_cost) as cost_billing_currency
    from {{ ref('int_costs__scheduled_charges_daily') }} as charges
    inner join {{ ref('int_costs__charge_attributes') }} as attributes
        on charges.attribute_key = attributes.attribute_key
    inner join {{ ref('int_costs__charge_matches') }} as matches
        on charges.attribute_key = matches.attribute_key and {{ in_effect('matches', 'charges.date_day') }}
    inner join asked on charges.date_day = asked.date_day
    group by all

),

leaves as (

    select
        line_shares.treatment,
        line_shares.origin_pool,
        line_shares.cost_origin,
        line_shares.exit_pool,
        line_shares.resource_kind,
        charges.charge,
        charges.rule_priority,
        any_value(charges.billing_currency) as billing_currency,
        sum(charges.cost_billing_currency) as cost_billing_currency,
        sum(
            cast(charges.cost_billing_currency as double)
            * cast(cost_lines.effective_cost as double)
            / nullif(cast(cost_lines.effective_cost_billing_currency as double), 0)
            * cast(line_shares.part as double)
            / nullif(cast(line_totals.effective_cost as double), 0)
        ) as effective_cost
    from line_shares
    inner join line_totals
        on
            line_shares.date_day = line_totals.date_day
            and line_shares.source = line_totals.source
            and line_shares.billing_period_start = line_totals.billing_period_start
            and line_shares.treatment = line_totals.treatment
            and line_shares.target = line_totals.target
            and line_shares.line_origin = line_totals.cost_origin
    inner join charges
        on
            line_shares.date_day = charges.date_day
            and line_shares.source = charges.source
            and line_shares.billing_period_start = charges.billing_period_start
            and line_shares.treatment = charges.treatment
            and line_shares.target = charges.target
            and line_shares.line_origin = charges.cost_origin
    inner join cost_lines
        on
            charges.date_day = cost_lines.date_day
            and charges.source = cost_lines.source
            and charges.billing_period_start = cost_lines.billing_period_start
            and charges.billing_currency = cost_lines.billing_currency
            and charges.treatment = cost_lines.treatment
            and charges.target = cost_lines.target
            and charges.cost_origin = cost_lines.cost_origin
    group by
        line_shares.treatment,
        line_shares.origin_pool,
        line_shares.cost_origin,
        line_shares.exit_pool,
        line_shares.resource_kind,
        charges.charge,
        charges.rule_priority

),

tree as (

    select
        1 as depth,
        cast(null as varchar) as treatment,
        cast(null as varchar) as origin_pool,
        cast(null as varchar) as cost_origin,
        cast(null as varchar) as exit_pool,
        cast(null as varchar) as resource_kind,
        deployment_id || ' on ' || date_day as what,
        'all that its entries in the ledger sum to' as why,
        sum(effective_cost) as effective_cost
    from parts
    group by deployment_id, date_day
    union all
    select
        2 as depth,
        treatment,
        origin_pool,
        cost_origin,
        exit_pool,
        resource_kind,
        treatment
        || case origin_pool when '(none)' then '' else ' ' || origin_pool end
        || case when exit_pool = origin_pool then '' else ' through ' || exit_pool end
        || case when resource_kind in ('(none)', 'accelerator') then '' else ' by ' || resource_kind end
        || ', ' || replace(cost_origin, '_', ' ') as what,
        concat_ws('; ', share, allocation_note) as why,
        effective_cost
    from branches
    union all
    select
        3 as depth,
        treatment,
        origin_pool,
        cost_origin,
        exit_pool,
        resource_kind,
        charge as what,
        coalesce('rule ' || rule_priority, 'no rule')
        || format(': of {} {}', round(cost_billing_currency, 6), billing_currency) as why,
        cast(round(effective_cost, 6) as decimal(38, 6)) as effective_cost
    from leaves

),

-- charges stand beneath their branch, branches by weight
placed as (

    select
        *,
        sum(effective_cost) filter (where depth = 2) over (
            partition by treatment, origin_pool, cost_origin, exit_pool, resource_kind
        ) as branch_cost
    from tree

)

select
    depth,
    repeat('   ', depth - 1) || what as what,
    round(effective_cost, 6) as effective_cost,
    round(
        100 * effective_cost
        / nullif(sum(effective_cost) filter (where depth = 1) over (), 0), 3
    ) as percent,
    why
from placed
order by
    depth > 1,
    placed.branch_cost desc,
    placed.treatment,
    placed.origin_pool,
    placed.cost_origin,
    placed.exit_pool,
    placed.resource_kind,
    depth,
    placed.effective_cost desc,
    what
