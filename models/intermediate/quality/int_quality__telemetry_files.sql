with files as (

    select * from {{ ref('stg_telemetry__files') }}

),

product_files as (

    select * from {{ ref('int_quality__product_files') }}

),

unread as (

    select
        source_file,
        'file_not_read' as issue,
        problem as detail,
        0 as affected_rows
    from files
    where problem is not null

),

product_counts as (

    select
        source_file,
        unnest(['unreadable_row', 'no_workload', 'unknown_workload', 'no_id']) as issue,
        unnest([null, null, unknown_workloads, null]) as detail,
        unnest([
            unreadable_rows, rows_without_workload, rows_of_unknown_workloads, rows_without_id
        ]) as affected_rows
    from product_files

),

issues as (

    select * from unread
    union all
    select * from {{ ref('int_quality__request_issues') }}
    union all
    select * from {{ ref('int_quality__provider_usage_issues') }}
    union all
    select * from {{ ref('int_quality__training_issues') }}
    union all
    select * from product_counts
    where affected_rows > 0
    union all
    select * from {{ ref('int_quality__telemetry_times') }}

)

select
    files.source_file,
    files.folder,
    files.shape,
    issues.issue,
    issues.detail,
    cast(issues.affected_rows as bigint) as affected_rows
from issues
inner join files on issues.source_file = files.source_file
