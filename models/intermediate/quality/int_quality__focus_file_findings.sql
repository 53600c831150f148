with files as (

    select * from {{ ref('stg_focus__files') }}
    where is_current

),

of_a_version as (

    select * from {{ ref('int_quality__focus_files') }}

),

rules as (

    select * from {{ ref('focus_conformance_rules') }}

),

changes as (

    select * from {{ ref('int_quality__focus_change_findings') }}
    where rule_id is not null

),

findings as (

    select source_file, rule_id, example_value, checked_count, violating_count, touched_cost, example_row
    from {{ ref('int_quality__focus_row_findings') }}
    union all
    select source_file, rule_id, example_value, checked_count, violating_count, touched_cost, example_row
    from {{ ref('int_quality__focus_value_findings') }}
    union all
    select
        source_file,
        'cost_columns_present' as rule_id,
        {{ joined_texts('missing_cost_columns', "', '") }} as example_value,
        1 as checked_count,
        cast({{ length_of('missing_cost_columns') }} > 0 as bigint) as violating_count,
        null as touched_cost,
        null as example_row
    from of_a_version
    union all
    select
        source_file,
        'split_columns_are_read' as rule_id,
        unread_split_columns as example_value,
        1 as checked_count,
        cast(unread_split_columns is not null as bigint) as violating_count,
        null as touched_cost,
        null as example_row
    from of_a_version
    union all
    select
        changes.source_file,
        changes.rule_id,
        null as example_value,
        files.row_count as checked_count,
        changes.violating_count,
        changes.touched_cost,
        changes.example_row
    from changes
    inner join files on changes.source_file = files.source_file

)

select
    files.source,
    findings.source_file,
    findings.rule_id,
    findings.example_value,
    findings.checked_count,
    findings.violating_count,
    findings.touched_cost,
    findings.example_row
from findings
inner join files on findings.source_file = files.source_file
inner join of_a_version on findings.source_file = of_a_version.source_file
left join rules on findings.rule_id = rules.rule_id
-- a rule is put to the files of the versions that have it
where
    rules.rule_id is null
    or (
        of_a_version.version_number >= coalesce({{ focus_version_number('rules.first_version') }}, 1)
        and of_a_version.version_number <= coalesce({{ focus_version_number('rules.last_version') }}, 99)
    )
