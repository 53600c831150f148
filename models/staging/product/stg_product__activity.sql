{{ config(materialized='view') }}

with activity as (

    select * from {{ ref('landed_product_activity') }}
    where source_row is not null

)

select
    source_file,
    source_row,
    file_version,
    nullif(trim(workload), '') as workload,
    nullif(trim(customer_id), '') as customer_id,
    nullif(trim(user_id), '') as user_id,
    nullif(trim(session_id), '') as session_id,
    ts as active_at
from activity
