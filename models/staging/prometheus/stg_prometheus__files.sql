{{ config(materialized='view') }}

with files as (

    select * from {{ ref('landed_files') }}
    where folder = 'telemetry/prometheus'

),

series as (

    select * from {{ ref('landed_prometheus_series') }}
    where problem is not null

)

-- what was read by another catalogue of metrics has another version
select
    files.source_file,
    files.relative_path,
    files.format,
    case when series.problem is null then files.shape end as shape,
    coalesce(files.problem, series.problem) as problem,
    files.note,
    files.file_version,
    files.size_bytes,
    files.modified_at
from files
left join series on files.source_file = series.source_file
