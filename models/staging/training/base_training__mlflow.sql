{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('column_aliases') }}
{% set files = pending_files(ref('stg_telemetry__files'), "folder = 'telemetry/training' and shape = 'mlflow'") %}
{% set columns = ['key', 'value', 'timestamp', 'step', 'run_uuid', 'run_id'] %}

with metrics as (

    {{ read_aliased_files(files, same_names(columns), ['key', 'value', 'step', 'run_uuid', 'run_id'], ['timestamp']) }}

),

aliases as (

    select * from {{ ref('column_aliases') }}
    where
        shape = 'training'
        and column_name in ('tokens_seen', 'samples_seen')

),

named as (

    select
        metrics.*,
        coalesce(metrics.run_uuid, metrics.run_id) as run,
        aliases.column_name,
        aliases.priority,
        count(*) over (partition by metrics.source_file, run, metrics.key) as key_rows
    from metrics
    left join aliases on metrics.key = aliases.alias

),

-- each step is logged once a metric: of a run one metric is followed, tokens before samples before any other
followed as (

    select *
    from named
    qualify
        run is null
        or dense_rank() over (
            partition by source_file, run
            order by
                case column_name when 'tokens_seen' then 0 when 'samples_seen' then 1 else 2 end,
                priority,
                key_rows desc,
                key
        ) = 1

)

select
    source_file,
    source_row,
    run as run_id,
    cast(null as varchar) as attempt_id,
    cast(null as varchar) as deployment_id,
    step,
    case when column_name = 'tokens_seen' then value end as tokens_seen,
    case when column_name = 'samples_seen' then value end as samples_seen,
    cast(null as varchar) as sequence_length,
    timestamp as ts
from followed
