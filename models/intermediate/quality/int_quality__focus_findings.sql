with files as (

    select * from {{ ref('stg_focus__files') }}
    where is_current

),

copies as (

    select * from {{ ref('stg_focus__files') }}
    where not_current_because = 'copy'

),

-- of each file the other one with which it counts most twice
said_twice as (

    select
        source,
        source_file,
        max(twice_cost) as twice_cost,
        max_by(
            source_file || ' and ' || other_file || ' state the same charges of ' || cast(first_day as string)
            || ' to ' || cast(last_day as string),
            twice_cost
        ) as example_value
    from {{ ref('int_quality__focus_overlaps') }}
    group by source, source_file

),

rules as (

    select * from {{ ref('focus_conformance_rules') }}

),

sources as (

    select * from {{ ref('focus_sources') }}

),

of_files as (

    select * from {{ ref('int_quality__focus_file_findings') }}

),

-- what lies in the folder of a source and is no manifest is read, or a cost may be missing; then what balances as a whole
other_findings as (

    select
        coalesce(source, '(none)') as source,
        source_file,
        'file_read' as rule_id,
        coalesce(problem, case when not_current_because = 'not_in_manifest' then 'its manifest does not list it' end)
            as example_value,
        1 as checked_count,
        cast(problem is not null or coalesce(not_current_because = 'not_in_manifest', false) as bigint)
            as violating_count,
        cast(null as {{ money_type() }}) as touched_cost,
        cast(null as bigint) as example_row
    from {{ ref('landed_files') }}
    where folder = 'focus' and (shape is not null or problem is not null)
    union all
    select
        source,
        source_file,
        'copy_compared_whole' as rule_id,
        uncompared_columns as example_value,
        1 as checked_count,
        cast(uncompared_columns is not null as bigint) as violating_count,
        case when uncompared_columns is not null then abs(effective_cost) end as touched_cost,
        cast(null as bigint) as example_row
    from copies
    union all
    select
        files.source,
        files.source_file,
        'charge_in_one_file' as rule_id,
        said_twice.example_value,
        cast(files.delivery in ('overwrite', 'snapshot') as bigint) as checked_count,
        cast(said_twice.source_file is not null as bigint) as violating_count,
        said_twice.twice_cost as touched_cost,
        cast(null as bigint) as example_row
    from files
    left join said_twice on files.source_file = said_twice.source_file
    union all
    select
        files.source,
        files.source_file,
        'manifest_row_count' as rule_id,
        case
            when listed.listed_row_count != coalesce(files.row_count, 0)
                then coalesce(files.row_count, 0) || ' rows of ' || listed.listed_row_count
        end as example_value,
        1 as checked_count,
        cast(listed.listed_row_count != coalesce(files.row_count, 0) as bigint) as violating_count,
        case when listed.listed_row_count != coalesce(files.row_count, 0) then abs(files.effective_cost) end
            as touched_cost,
        cast(null as bigint) as example_row
    from files
    inner join {{ ref('landed_files') }} as listed on files.source_file = listed.source_file
    where listed.listed_row_count is not null
    union all
    select
        source,
        cast(null as string) as source_file,
        'invoice_matches_billed_cost' as rule_id,
        case
            when status = 'violated'
                then invoice_id || ': ' || billed_cost || ' of ' || payable_amount || ' ' || billing_currency
        end as example_value,
        cast(status != 'not_closable' as bigint) as checked_count,
        cast(status = 'violated' as bigint) as violating_count,
        cast(null as {{ money_type() }}) as touched_cost,
        cast(null as bigint) as example_row
    from {{ ref('int_quality__focus_invoice_balances') }}
    union all
    select
        source,
        cast(null as string) as source_file,
        'invoice_in_one_currency' as rule_id,
        case when currency_count > 1 then invoice_id || ' in ' || billing_currency end as example_value,
        1 as checked_count,
        cast(currency_count > 1 as bigint) as violating_count,
        cast(null as {{ money_type() }}) as touched_cost,
        cast(null as bigint) as example_row
    from {{ ref('int_quality__focus_invoice_balances') }}
    union all
    select
        source,
        cast(null as string) as source_file,
        'commitment_balances' as rule_id,
        case when status = 'violated' then commitment_discount_id || ': ' || effective_cost || ' of ' || billed_cost end
            as example_value,
        cast(status != 'not_closable' as bigint) as checked_count,
        cast(status = 'violated' as bigint) as violating_count,
        cast(null as {{ money_type() }}) as touched_cost,
        cast(null as bigint) as example_row
    from {{ ref('int_quality__focus_commitment_balances') }}
    union all
    select
        source,
        cast(null as string) as source_file,
        rule_id,
        example_value,
        1 as checked_count,
        cast(is_unused as bigint) as violating_count,
        cast(null as {{ money_type() }}) as touched_cost,
        cast(null as bigint) as example_row
    from {{ ref('int_quality__focus_seed_findings') }}

),

findings as (

    select * from of_files
    union all
    select * from other_findings

),

rows_of_sources as (

    select
        source,
        cast(sum(row_count) as bigint) as row_count
    from files
    group by source

),

by_source as (

    select
        source,
        rule_id,
        sum(checked_count) as checked_count,
        sum(violating_count) as violating_count,
        sum(touched_cost) as touched_cost,
        min_by(
            {{ struct_of(['source_file', 'example_row', 'example_value']) }},
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
    coalesce(rules.is_sign_of_trouble, false) as is_sign_of_trouble,
    -- a rule that had nothing to look at is not met
    case
        when by_source.violating_count > 0 and contains('|' || sources.known_gaps || '|', '|' || rules.known_gap || '|')
            then 'known_gap'
        when by_source.violating_count > 0 then 'violated'
        when by_source.checked_count > 0 then 'met'
        when rules.check_kind in ('invoice', 'commitment') then 'not_closable'
        else 'not_applicable'
    end as status,
    coalesce(rules.rule, 'Staging had nothing to change: ' || by_source.rule_id) as rule,
    rules.reason,
    by_source.example.source_file as example_source_file,
    by_source.example.example_value,
    -- what was changed on no row was looked for on all of them
    case
        when coalesce(rules.check_kind, 'source_change') = 'source_change' then rows_of_sources.row_count
        else cast(by_source.checked_count as bigint)
    end as checked_count,
    cast(by_source.violating_count as bigint) as violating_count,
    cast(coalesce(by_source.touched_cost, 0) as {{ money_type() }}) as touched_cost,
    by_source.example.example_row
from by_source
left join rules on by_source.rule_id = rules.rule_id
left join sources on by_source.source = sources.source
left join rows_of_sources on by_source.source = rows_of_sources.source
