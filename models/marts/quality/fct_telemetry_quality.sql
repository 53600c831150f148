with prometheus_series as (

    select * from {{ ref('int_quality__prometheus_series') }}
    union all
    select * from {{ ref('int_quality__counted_series') }}

),

telemetry_files as (

    select * from {{ ref('int_quality__telemetry_files') }}

)

select
    source_file,
    'telemetry/prometheus' as folder,
    shape,
    series,
    issue,
    detail,
    affected_samples as affected_rows,
    issue not in ('no_value', 'no_pod_phase', 'hourly_counts', 'counted_already') as is_fault
from prometheus_series

union all

select
    source_file,
    folder,
    shape,
    cast(null as string) as series,
    issue,
    detail,
    affected_rows,
    true as is_fault
from telemetry_files
