{{ config(materialized='view') }}

with files as (

    select * from {{ ref('stg_files__inputs') }}
    where folder = 'telemetry/prometheus'

),

heads as (

    select * from {{ ref('base_prometheus__file_heads') }}

),

catalog as (

    select {{ stable_id("coalesce(string_agg(metric_and_type, ',' order by metric_and_type), '')") }} as catalog_version
    from (select distinct metric || ' ' || metric_type as metric_and_type from {{ ref('metric_catalog') }})

)

select
    files.source_file,
    files.relative_path,
    files.format,
    files.size_bytes,
    heads.shape,
    heads.head,
    -- a metric that the catalogue did not know before is in files that have landed already
    concat_ws('-', files.file_version, catalog.catalog_version) as file_version
from files
left join heads on files.source_file = heads.source_file
cross join catalog
