{{ config(materialized='table') }}

{% set files = pending_files(ref('stg_files__inputs'), "folder = 'customers' and format in ('parquet', 'csv')") %}

with customers as (

    {% for file in files %}
    {{ read_customers(file) }}
    {{ 'union all' if not loop.last }}
    {% else %}
    select
        cast(null as varchar) as customer_id,
        cast(null as varchar) as customer_tier,
        cast(null as varchar) as geography,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to
    where false
    {% endfor %}

)

select
    customer_id,
    customer_tier,
    geography,
    coalesce(valid_from, date '1970-01-01') as valid_from,
    valid_to
from customers
