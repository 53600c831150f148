{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        pre_hook="{{ forget_changed_files(ref('stg_files__inputs'), focus_files()) }}"
    )
}}

{% set files = pending_files(ref('stg_files__inputs'), focus_files(), landed_in=this) %}

with described as (

    {{ describe_focus_files(files) }}

)

select
    source_file,
    file_version,
    column_name,
    column_type,
    column_position
from described
