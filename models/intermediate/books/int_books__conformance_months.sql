-- what rows of a file break, known gaps of its source left out: the rule that touches most, since rules touch the same rows
with touched as (

    select
        findings.source_file,
        max(findings.touched_cost) as touched_cost
    from {{ ref('int_quality__focus_file_findings') }} as findings
    inner join {{ ref('focus_conformance_rules') }} as rules on findings.rule_id = rules.rule_id
    left join {{ ref('focus_sources') }} as sources on findings.source = sources.source
    where
        findings.violating_count > 0
        and rules.is_sign_of_trouble
        and not coalesce(list_contains(string_split(sources.known_gaps, '|'), rules.known_gap), false)
    group by findings.source_file

),

currencies as (

    select distinct
        source_file,
        billing_currency
    from {{ ref('int_costs__charges_daily') }}

),

-- a file that is about several months touches each of them with all of it: the most that it can be
file_months as (

    select
        contents.source,
        touched.touched_cost,
        currencies.billing_currency,
        cast(unnest(generate_series(
            date_trunc('month', coalesce(contents.usage_from, contents.charges_from)),
            coalesce(contents.usage_until, contents.charges_until) - interval 1 microsecond,
            interval 1 month
        )) as date) as charge_month
    from touched
    inner join {{ ref('stg_focus__file_contents') }} as contents on touched.source_file = contents.source_file
    inner join currencies on touched.source_file = currencies.source_file

),

amounts as (

    select
        'conformance' as finding,
        source,
        billing_currency,
        touched_cost as amount,
        charge_month
    from file_months
    union all
    select
        'invoices' as finding,
        source,
        billing_currency,
        abs(difference) as amount,
        cast(date_trunc('month', billing_period_start) as date) as charge_month
    from {{ ref('int_quality__focus_invoice_balances') }}
    where status = 'violated'

),

converted as (

    select
        amounts.finding,
        amounts.charge_month,
        {{ in_reporting_currency(
            'amounts.amount', 'amounts.billing_currency', 'amounts.charge_month', 'amounts.source', 'rates.rate'
        ) }} as amount
    from amounts
    left join {{ ref('int_costs__exchange_rates') }} as rates
        on
            amounts.billing_currency = rates.from_currency
            and amounts.charge_month >= rates.rate_date
            and amounts.charge_month < rates.next_rate_date

)

select
    charge_month,
    finding,
    cast(sum(amount) as {{ money_type() }}) as amount
from converted
group by charge_month, finding
