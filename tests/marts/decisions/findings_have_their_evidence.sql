-- a finding points at rows that are there: column and value of its evidence, in the mart that it names.
with findings as (

    select * from {{ ref('fct_findings') }}

),

proved as (

    select findings.finding_id
    from findings
    inner join {{ ref('fct_release_impact') }} as releases on findings.evidence['change_id'] = releases.change_id
    where findings.evidence_mart = 'fct_release_impact'
    union
    select findings.finding_id
    from findings
    inner join {{ ref('fct_lever_impact') }} as levers on findings.evidence['change_id'] = levers.change_id
    where findings.evidence_mart = 'fct_lever_impact'
    union
    select findings.finding_id
    from findings
    inner join {{ ref('fct_target_status') }} as targets
        on
            findings.evidence['target_id'] = targets.target_id
            and findings.evidence['period_start'] = cast(targets.period_start as string)
    where findings.evidence_mart = 'fct_target_status'
    union
    select findings.finding_id
    from findings
    inner join {{ ref('fct_target_outlook') }} as outlooks on findings.evidence['target_id'] = outlooks.target_id
    where findings.evidence_mart = 'fct_target_outlook'
    union
    select findings.finding_id
    from findings
    inner join {{ ref('fct_budget_outlook') }} as budgets
        on
            findings.evidence['budget_id'] = budgets.budget_id
            and findings.evidence['period_start'] = cast(budgets.period_start as string)
    where findings.evidence_mart = 'fct_budget_outlook'
    union
    select findings.finding_id
    from findings
    inner join {{ ref('fct_anomalies') }} as anomalies
        on
            findings.evidence['environment'] = anomalies.environment
            and findings.evidence['workload'] = anomalies.workload
            and findings.evidence['event_started_on'] = cast(anomalies.event_started_on as string)
    where findings.evidence_mart = 'fct_anomalies'
    union
    select findings.finding_id
    from findings
    inner join {{ ref('fct_tier_margin') }} as margins
        on
            findings.evidence['grain'] = margins.grain
            and findings.evidence['period_start'] = cast(margins.period_start as string)
            and findings.evidence['environment'] = margins.environment
            and findings.evidence['workload'] = margins.workload
            and findings.evidence['customer_tier'] = margins.customer_tier
    where findings.evidence_mart = 'fct_tier_margin'
    union
    select findings.finding_id
    from findings
    inner join {{ ref('fct_scaling_verdict') }} as verdicts
        on
            findings.evidence['environment'] = verdicts.environment
            and findings.evidence['workload'] = verdicts.workload
            and findings.evidence['unit'] = verdicts.unit
    where findings.evidence_mart = 'fct_scaling_verdict'
    union
    -- a column that it does not name may hold anything
    select findings.finding_id
    from findings
    inner join {{ ref('fct_deployment_costs_daily') }} as costs
        on
            coalesce(findings.evidence['source'], costs.source) = costs.source
            and coalesce(findings.evidence['origin_pool'], costs.origin_pool) = costs.origin_pool
            and coalesce(findings.evidence['deployment_id'], costs.deployment_id) = costs.deployment_id
            and coalesce(findings.evidence['cost_origin'], costs.cost_origin) = costs.cost_origin
            and findings.period_start <= costs.date_day
            and findings.period_end > costs.date_day
    where findings.evidence_mart = 'fct_deployment_costs_daily'

)

select finding_id
from findings
where finding_id not in (select proved.finding_id from proved)
