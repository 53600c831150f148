-- what the facts say a deployment cost over all time is what fct_deployment_costs_daily says, for every unit that
-- bears the whole cost, in each of the three grains.
with ledger as (

    select
        deployment_id,
        sum(effective_cost) as effective_cost
    from {{ ref('fct_deployment_costs_daily') }}
    where not {{ begins_with('deployment_id', "'('") }}
    group by deployment_id

),

facts as (

    select
        facts.grain,
        facts.cohort as deployment_id,
        facts.unit,
        sum(facts.effective_cost) as effective_cost
    from {{ ref('int_books__unit_economics') }} as facts
    inner join {{ ref('units') }} as units on facts.unit = units.unit
    where facts.cohort_dimension = 'deployment' and units.cost_scope != 'token_kind'
    group by facts.grain, facts.cohort, facts.unit

)

select
    grains.grain,
    ledger.deployment_id,
    facts.unit,
    ledger.effective_cost as ledger_cost,
    facts.effective_cost as fact_cost
from ledger
cross join {{ grains() }}
left join facts on ledger.deployment_id = facts.deployment_id and grains.grain = facts.grain
where ledger.effective_cost is distinct from facts.effective_cost
