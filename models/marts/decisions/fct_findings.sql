with findings as (

    select * from {{ ref('int_decisions__release_findings') }}
    union all
    select * from {{ ref('int_decisions__lever_findings') }}
    union all
    select * from {{ ref('int_decisions__target_findings') }}
    union all
    select * from {{ ref('int_decisions__budget_findings') }}
    union all
    select * from {{ ref('int_decisions__anomaly_findings') }}
    union all
    select * from {{ ref('int_decisions__margin_findings') }}
    union all
    select * from {{ ref('int_decisions__capacity_findings') }}
    union all
    select * from {{ ref('int_decisions__scaling_findings') }}

),

kinds as (

    select * from {{ ref('finding_kinds') }}

),

worded as (

    select
        findings.*,
        kinds.what_to_do,
        kinds.amount_meaning,
        kinds.evidence_mart,
        replace(
            replace(
                replace(
                    replace(kinds.sentence, '{subject}', findings.subject),
                    '{measure}', coalesce(findings.measure, '')
                ),
                '{compared_with}', coalesce(findings.compared_with, '')
            ),
            '{moment}', coalesce(findings.moment, '')
        ) as sentence
    from findings
    left join kinds on findings.finding_kind = kinds.finding_kind

)

select
    finding_kind || ':' || thing as finding_id,
    cast(
        row_number() over (order by abs(amount_per_month) desc nulls last, finding_kind, thing) as bigint
    ) as finding_rank,
    finding_kind,
    environment,
    workload,
    sentence,
    what_to_do,
    amount_meaning,
    coalesce(amount_per_month < 0, false) as is_saving,
    cast(amount_per_month as {{ money_type() }}) as amount_per_month,
    cast(amount_per_month_low as {{ money_type() }}) as amount_per_month_low,
    cast(amount_per_month_high as {{ money_type() }}) as amount_per_month_high,
    '{{ var('reporting_currency') }}' as currency,
    period_start,
    period_end,
    evidence_mart,
    evidence
from worded
