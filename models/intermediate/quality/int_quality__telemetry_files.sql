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
        product_files.source_file,
        kinds.issue,
        case kinds.issue when 'unknown_workload' then product_files.unknown_workloads end as detail,
        case kinds.issue
            when 'unreadable_row' then product_files.unreadable_rows
            when 'no_workload' then product_files.rows_without_workload
            when 'unknown_workload' then product_files.rows_of_unknown_workloads
            when 'no_id' then product_files.rows_without_id
        end as affected_rows
    from product_files
    cross join (values ('unreadable_row'), ('no_workload'), ('unknown_workload'), ('no_id')) as kinds (issue)

),

rows_with_problems as (

    select source_file, problem from {{ ref('landed_requests') }}
    where source_row is not null and problem is not null and unread_operation is null
    union all
    select source_file, problem from {{ ref('landed_provider_usage') }}
    where source_row is not null and problem is not null
    union all
    select source_file, problem from {{ ref('landed_training_progress') }}
    where source_row is not null and problem is not null
    union all
    select source_file, problem from {{ ref('landed_product_activity') }}
    where source_row is not null and problem is not null

),

-- why rows are not read, where their reader can tell
row_problems as (

    select
        source_file,
        min(problem) as problem
    from rows_with_problems
    group by source_file

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
    case
        when issues.issue = 'unreadable_row' then coalesce(issues.detail, row_problems.problem) else issues.detail
    end as detail,
    cast(issues.affected_rows as bigint) as affected_rows
from issues
inner join files on issues.source_file = files.source_file
left join row_problems on issues.source_file = row_problems.source_file
