{{ config(materialized='table') }}

with customers as (

    select * from {{ ref('landed_customers') }}
    where source_row is not null

),

files as (

    select * from {{ ref('stg_telemetry__files') }}

),

typed as (

    select
        customers.customer_id,
        customers.customer_tier,
        customers.geography,
        case
            when customers.valid_from is not null and try_cast(left(customers.valid_from, 10) as date) is null
                then {{ stop(
                    '{}, row {}: valid_from {} is no date; write it as 2026-01-31',
                    ['files.relative_path', 'customers.source_row', 'customers.valid_from']
                ) }}
            else coalesce(try_cast(left(customers.valid_from, 10) as date), date '1970-01-01')
        end as valid_from,
        case
            when customers.valid_to is not null and try_cast(left(customers.valid_to, 10) as date) is null
                then {{ stop(
                    '{}, row {}: valid_to {} is no date; write it as 2026-01-31',
                    ['files.relative_path', 'customers.source_row', 'customers.valid_to']
                ) }}
            else try_cast(left(customers.valid_to, 10) as date)
        end as valid_to
    from customers
    inner join files on customers.source_file = files.source_file

)

select
    customer_id,
    customer_tier,
    geography,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to
from typed
where customer_id is not null
