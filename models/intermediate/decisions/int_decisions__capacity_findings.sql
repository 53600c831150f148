with finding_period as (

    select * from {{ ref('int_decisions__finding_period') }}

),

pools as (

    select distinct pool_id from {{ ref('capacity_pools') }}

),

-- a cent is in one finding: what no rule places is not also idle.
lines as (

    select
        costs.source,
        costs.origin_pool,
        costs.effective_cost,
        case
            when costs.deployment_id = '(unallocated)' then 'unallocated_cost'
            when costs.deployment_id = '(unattributed)' then 'undeclared_usage'
            when costs.cost_origin = 'unused_commitment' then 'unused_commitment'
            when costs.cost_origin = 'idle' then 'idle_capacity'
            when costs.cost_origin = 'unobserved' then 'unobserved_capacity'
        end as finding_kind
    from {{ ref('fct_deployment_costs_daily') }} as costs
    inner join finding_period
        on
            costs.date_day >= finding_period.period_start
            and costs.date_day < finding_period.period_end

),

parts as (

    select
        finding_kind,
        source,
        origin_pool,
        sum(effective_cost) as effective_cost,
        sum(sum(effective_cost)) over (partition by source) as source_cost,
        sum(sum(effective_cost)) over (partition by origin_pool) as pool_cost
    from lines
    group by finding_kind, source, origin_pool

),

-- a pool is one thing, whoever bills it; what is in no pool is its source's
things as (

    select
        finding_kind,
        finding_kind = 'unallocated_cost' or origin_pool = '(none)' as is_of_source,
        case when is_of_source then source else origin_pool end as thing,
        case when is_of_source then source_cost else pool_cost end as whole_cost,
        effective_cost
    from parts
    where finding_kind is not null

),

summed as (

    select
        finding_kind,
        thing,
        is_of_source,
        case when finding_kind in ('unallocated_cost', 'undeclared_usage') then 'deployment_id' else 'cost_origin' end
            as proved_by,
        case finding_kind
            when 'unallocated_cost' then '(unallocated)'
            when 'undeclared_usage' then '(unattributed)'
            when 'unused_commitment' then 'unused_commitment'
            when 'idle_capacity' then 'idle'
            when 'unobserved_capacity' then 'unobserved'
        end as proof,
        whole_cost,
        sum(effective_cost) as effective_cost
    from things
    group by finding_kind, thing, is_of_source, whole_cost
    -- what reads 0.0 % of its cost deserves no decision
    having sum(effective_cost) > greatest(0, 0.0005 * whole_cost)

)

select
    summed.finding_kind,
    -- a pool may have its source's name, and what the source has outside of pools is another thing
    case
        when summed.is_of_source and pools.pool_id is not null then summed.thing || ' (source)'
        else summed.thing
    end as thing,
    cast(null as string) as environment,
    cast(null as string) as workload,
    summed.thing as subject,
    {{ percent_text(
        'cast(summed.effective_cost as double) / nullif(cast(summed.whole_cost as double), 0)'
    ) }} as measure,
    {{ money_text('summed.whole_cost') }} as compared_with,
    finding_period.period_text as moment,
    {{ map_of_lists(
        ["case when summed.is_of_source then 'source' else 'origin_pool' end", 'summed.proved_by'],
        ['summed.thing', 'summed.proof']
    ) }} as evidence,
    {{ per_month('summed.effective_cost', 'finding_period.month_days') }} as amount_per_month,
    cast(null as {{ money_type() }}) as amount_per_month_low,
    cast(null as {{ money_type() }}) as amount_per_month_high,
    finding_period.period_start,
    finding_period.period_end
from summed
left join pools on summed.thing = pools.pool_id
cross join finding_period
