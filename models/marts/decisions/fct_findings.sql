{% set kinds = ['release', 'lever', 'target', 'budget', 'anomaly', 'margin', 'capacity', 'scaling'] %}
with findings as (
    {% for kind in kinds -%}
    select
        finding_kind,
        thing,
        environment,
        workload,
        subject,
        measure,
        compared_with,
        moment,
        evidence,
        amount_per_month,
        amount_per_month_low,
        amount_per_month_high,
        period_start,
        period_end
    from {{ ref('int_decisions__' ~ kind ~ '_findings') }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
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
        {% set sentence = namespace(text='kinds.sentence') -%}
        {% for part in ['subject', 'measure', 'compared_with', 'moment'] -%}
        {% set value = "coalesce(findings." ~ part ~ ", '')" -%}
        {% set sentence.text = "replace(" ~ sentence.text ~ ", '{" ~ part ~ "}', " ~ value ~ ")" -%}
        {% endfor -%}
        {{ sentence.text }} as sentence
    from findings
    left join kinds on findings.finding_kind = kinds.finding_kind
)

select
    finding_kind || ':' || thing as finding_id,
    row_number() over (order by abs(amount_per_month) desc nulls last, finding_kind, thing) as finding_rank,
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
