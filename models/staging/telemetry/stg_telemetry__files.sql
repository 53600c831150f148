{{ config(materialized='view') }}

with files as (

    select * from {{ ref('landed_files') }}
    where folder in (
            'telemetry/requests', 'telemetry/training', 'telemetry/provider_usage', 'telemetry/product', 'customers'
        )

),

-- a file that stopped the reader has one row in the table that it should have gone into, which says so
unreadable as (

    select
        source_file,
        problem
    from {{ ref('landed_requests') }}
    where source_row is null
    union all
    select
        source_file,
        problem
    from {{ ref('landed_training_progress') }}
    where source_row is null
    union all
    select
        source_file,
        problem
    from {{ ref('landed_provider_usage') }}
    where source_row is null
    union all
    select
        source_file,
        problem
    from {{ ref('landed_product_activity') }}
    where source_row is null
    union all
    select
        source_file,
        problem
    from {{ ref('landed_customers') }}
    where source_row is null

)

select
    files.source_file,
    files.relative_path,
    files.folder,
    files.format,
    case when unreadable.source_file is null then files.shape end as shape,
    coalesce(files.problem, unreadable.problem) as problem,
    files.note,
    files.file_version,
    files.size_bytes,
    files.modified_at
from files
left join unreadable on files.source_file = unreadable.source_file
