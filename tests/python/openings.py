"""Marts that the summary and the report open with, worked out by hand."""

SPEND = """
    create table marts.fct_spend_monthly (
        period_start date, period_end date, is_complete boolean, place varchar, effective_cost decimal(38, 18),
        currency varchar, has_begun boolean
    );
    insert into marts.fct_spend_monthly values
        ('2026-07-01', '2026-08-01', false, 'production', 900, 'USD', true),
        ('2026-08-01', '2026-09-01', true, 'production', 80, 'USD', true),
        ('2026-08-01', '2026-09-01', true, '(unallocated)', 20, 'USD', true),
        ('2026-09-01', '2026-10-01', true, '(unallocated)', 10, 'USD', true),
        ('2026-09-01', '2026-10-01', true, 'staging', 11, 'USD', true),
        ('2026-09-01', '2026-10-01', true, 'production', 89, 'USD', true),
        ('2026-10-01', '2026-11-01', false, 'production', 5, 'USD', true),
        ('2026-11-01', '2026-12-01', false, '(unallocated)', 900, 'USD', false);
"""
FINDINGS = """
    create table marts.fct_findings (
        finding_id varchar, finding_rank bigint, finding_kind varchar, environment varchar, workload varchar,
        sentence varchar, what_to_do varchar, amount_meaning varchar, is_saving boolean,
        amount_per_month decimal(38, 18), amount_per_month_low decimal(38, 18), amount_per_month_high decimal(38, 18),
        currency varchar, evidence_mart varchar, evidence map(varchar, varchar)
    );
    insert into marts.fct_findings
    select
        'k:' || rank, rank, kind, environment, workload, 'Finding ' || rank || '.', 'act ' || rank, 'm', amount < 0,
        amount, null, null, 'USD', 'fct_findings', map {'finding_rank': rank}
    from (values
        (1, 'change_cheaper', 'production', 'chat', -1234.567), (2, 'idle_capacity', null, null, 1000.005),
        (3, 'tier_below_cost', 'staging', 'chat', 900), (4, 'tier_below_cost', 'production', 'chat', 800),
        (5, 'tier_below_cost', 'production', 'chat', 700), (6, 'tier_below_cost', 'production', 'chat', 600),
        (7, 'tier_below_cost', 'production', 'chat', 500), (8, 'tier_below_cost', 'production', 'search', 400),
        (9, 'budget_at_risk', 'production', 'search', null)
    ) as found (rank, kind, environment, workload, amount)
"""
