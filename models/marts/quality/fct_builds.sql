with invocations as (

    select * from {{ source('builds', 'invocations') }}

),

nodes as (

    select * from {{ source('builds', 'nodes') }}

),

inputs as (

    select * from {{ source('builds', 'inputs') }}

),

nodes_by_invocation as (

    select
        invocation_id,
        count(*) as nodes,
        count(*) filter (where status = 'warn') as warnings,
        sum(table_rows) filter (where layer = 'landing' and name != 'landed_files') as rows_in,
        sum(table_rows) filter (where layer = 'marts') as rows_out,
        max(table_rows) filter (where name = 'fct_findings') as findings
    from nodes
    group by invocation_id

),

new_inputs as (

    select
        first_invocation_id as invocation_id,
        count(*) as inputs,
        count(*) filter (where problem is not null) as unreadable_inputs
    from inputs
    group by first_invocation_id

),

gone_inputs as (

    select
        gone_invocation_id as invocation_id,
        count(*) as inputs
    from inputs
    where gone_invocation_id is not null
    group by gone_invocation_id

)

select
    invocations.invocation_id,
    invocations.command,
    case
        when invocations.finished_at is null then 'unfinished'
        when len(invocations.problems) > 0 then 'failed'
        else 'passed'
    end as status,
    invocations.dbt_version,
    invocations.duckdb_version,
    array_to_string(invocations.problems, ', ') as problems,
    array_to_string(invocations.gates_broken, ', ') as gates_broken,
    date_diff('second', invocations.started_at, invocations.finished_at) as duration_seconds,
    nodes_by_invocation.nodes,
    nodes_by_invocation.warnings,
    -- a command that ended saw which files are new; one that was killed did not say
    case when invocations.finished_at is not null then coalesce(new_inputs.inputs, 0) end as new_inputs,
    case when invocations.finished_at is not null then coalesce(new_inputs.unreadable_inputs, 0) end
        as new_unreadable_inputs,
    case when invocations.finished_at is not null then coalesce(gone_inputs.inputs, 0) end as gone_inputs,
    cast(nodes_by_invocation.rows_in as bigint) as rows_in,
    cast(nodes_by_invocation.rows_out as bigint) as rows_out,
    nodes_by_invocation.findings,
    invocations.is_whole,
    invocations.started_at,
    invocations.finished_at
from invocations
left join nodes_by_invocation
    on invocations.invocation_id = nodes_by_invocation.invocation_id
left join new_inputs
    on invocations.invocation_id = new_inputs.invocation_id
left join gone_inputs
    on invocations.invocation_id = gone_inputs.invocation_id
