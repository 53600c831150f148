{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('source_file'),
    on_schema_change='fail',
    pre_hook="{{ forget_changed_files(ref('stg_focus__files'), 'is_current') }}"
) }}

with charges as (

    select * from {{ ref('stg_focus__charges') }}
    where {{ is_not_landed() }}

),

-- staging says on the row what it had to change or to assume
changes as (

    select
        source_file,
        file_version,
        source_row,
        {{ touched_cost() }} as touched_cost,
        {{ each_of('source_changes') }} as rule_id
    from charges
    where {{ length_of('source_changes') }} > 0

)

select
    source_file,
    file_version,
    rule_id,
    count(*) as violating_count,
    cast(sum(touched_cost) as {{ money_type() }}) as touched_cost,
    min(source_row) as example_row
from changes
group by source_file, file_version, rule_id
