with file_findings as (

    select * from {{ ref('int_quality__focus_row_findings') }}
    union all by name
    select * from {{ ref('int_quality__focus_value_findings') }}
    union all by name
    select
        source_file,
        'cost_columns_present' as rule_id,
        array_to_string(missing_cost_columns, ', ') as example_value,
        1 as checked_count,
        cast(len(missing_cost_columns) > 0 as bigint) as violating_count,
        cast(null as bigint) as example_row
    from {{ ref('int_quality__focus_files') }}

),

-- a rule is put to the files of the versions that have it
of_their_version as (

    select
        files.source,
        findings.source_file,
        findings.rule_id,
        findings.example_value,
        findings.checked_count,
        findings.violating_count,
        findings.example_row
    from file_findings as findings
    inner join {{ ref('int_quality__focus_files') }} as files on findings.source_file = files.source_file
    inner join {{ ref('focus_conformance_rules') }} as rules on findings.rule_id = rules.rule_id
    where
        files.version_number >= coalesce(list_position({{ focus_versions() }}, rules.first_version), 1)
        and files.version_number <= coalesce(list_position({{ focus_versions() }}, rules.last_version), 99)

),

-- staging says on the row what it had to change or to assume
changed_rows as (

    select
        source,
        source_file,
        source_row,
        unnest(source_changes) as rule_id
    from {{ ref('stg_focus__charges') }}
    where len(source_changes) > 0

),

rows_of_sources as (

    select
        source,
        count(*) as row_count
    from {{ ref('stg_focus__charges') }}
    group by source

),

changes as (

    select
        changed_rows.source,
        min(changed_rows.source_file) as source_file,
        changed_rows.rule_id,
        cast(null as varchar) as example_value,
        any_value(rows_of_sources.row_count) as checked_count,
        count(*) as violating_count,
        arg_min(changed_rows.source_row, (changed_rows.source_file, changed_rows.source_row)) as example_row
    from changed_rows
    inner join rows_of_sources on changed_rows.source = rows_of_sources.source
    group by changed_rows.source, changed_rows.rule_id

),

set_findings as (

    select
        source,
        cast(null as varchar) as source_file,
        'invoice_matches_billed_cost' as rule_id,
        case
            when status = 'violated'
                then invoice_id || ': ' || billed_cost || ' of ' || payable_amount || ' ' || billing_currency
        end as example_value,
        cast(status != 'not_closable' as bigint) as checked_count,
        cast(status = 'violated' as bigint) as violating_count,
        cast(null as bigint) as example_row
    from {{ ref('int_quality__focus_invoice_balances') }}
    union all
    select
        source,
        cast(null as varchar) as source_file,
        'invoice_in_one_currency' as rule_id,
        case when currency_count > 1 then invoice_id || ' in ' || billing_currency end as example_value,
        1 as checked_count,
        cast(currency_count > 1 as bigint) as violating_count,
        cast(null as bigint) as example_row
    from {{ ref('int_quality__focus_invoice_balances') }}
    union all
    select
        source,
        cast(null as varchar) as source_file,
        'commitment_balances' as rule_id,
        case
            when status = 'violated'
                then commitment_discount_id || ': ' || effective_cost || ' of ' || billed_cost
        end as example_value,
        cast(status != 'not_closable' as bigint) as checked_count,
        cast(status = 'violated' as bigint) as violating_count,
        cast(null as bigint) as example_row
    from {{ ref('int_quality__focus_commitment_balances') }}

),

findings as (

    select * from of_their_version
    union all by name
    select * from changes
    union all by name
    select * from set_findings

),

by_source as (

    select
        source,
        rule_id,
        sum(checked_count) as checked_count,
        sum(violating_count) as violating_count,
        arg_min(
            struct_pack(source_file := source_file, source_row := example_row, example_value := example_value),
            coalesce(source_file, '') || coalesce(example_value, '')
        ) filter (where violating_count > 0) as example
    from findings
    group by source, rule_id

)

select
    by_source.source,
    by_source.rule_id,
    rules.column_name,
    coalesce(rules.check_kind, 'source_change') as check_kind,
    coalesce(rules.severity, 'warning') as severity,
    -- a rule that had nothing to look at is not met
    case
        when by_source.violating_count > 0 then 'violated'
        when by_source.checked_count > 0 then 'met'
        when rules.check_kind in ('invoice', 'commitment') then 'not_closable'
        else 'not_applicable'
    end as status,
    coalesce(rules.rule, 'Staging had nothing to change: ' || by_source.rule_id) as rule,
    rules.reason,
    by_source.example.source_file as example_source_file,
    by_source.example.example_value,
    cast(by_source.checked_count as bigint) as checked_count,
    cast(by_source.violating_count as bigint) as violating_count,
    by_source.example.source_row as example_row
from by_source
left join {{ ref('focus_conformance_rules') }} as rules on by_source.rule_id = rules.rule_id
