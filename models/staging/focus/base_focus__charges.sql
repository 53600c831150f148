{{ config(materialized='ephemeral') }}

{% set charges = api.Relation.create(database=this.database, schema=this.schema, identifier='stg_focus__charges') %}
{% set files = pending_files(ref('stg_focus__files'), 'is_current', landed_in=charges) %}

with rows_of_files as (

    {% if files %}
    {{ read_focus_files(files) }}
    {% else %}
    select
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row
    where false
    {% endif %}

)

select
    files.source,
    files.file_version,
    files.data_generator,
    files.declared_credits,
    rows_of_files.*
from rows_of_files
inner join {{ ref('stg_focus__files') }} as files on rows_of_files.source_file = files.source_file
