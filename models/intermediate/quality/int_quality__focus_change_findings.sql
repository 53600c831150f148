{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('source_file'),
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_files(ref('stg_focus__files'), 'is_current') }}",
        "{{ choose_new_files(ref('stg_focus__files'), 'is_current') }}"
    ]
) }}

with charges as (

    select * from {{ ref('stg_focus__charges') }}
    where {{ is_not_landed() }}

),

-- staging says on the row what it had to change or to assume
changes as (

    select
        source_file,
        source_row,
        {{ touched_cost() }} as touched_cost,
        {{ each_of('source_changes') }} as rule_id
    from charges
    where {{ length_of('source_changes') }} > 0

),

found as (

    select
        source_file,
        rule_id,
        count(*) as violating_count,
        cast(sum(touched_cost) as {{ money_type() }}) as touched_cost,
        min(source_row) as example_row
    from changes
    group by source_file, rule_id

),

looked_at as (

    select distinct
        source_file,
        file_version
    from charges

)

-- a file without a change has a row too: the next run does not look at it again
select
    looked_at.source_file,
    looked_at.file_version,
    found.rule_id,
    coalesce(found.violating_count, 0) as violating_count,
    found.touched_cost,
    found.example_row
from looked_at
left join found on looked_at.source_file = found.source_file
