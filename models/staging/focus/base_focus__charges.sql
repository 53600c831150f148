{{ config(materialized='ephemeral') }}

{% set charges = api.Relation.create(database=this.database, schema=this.schema, identifier='stg_focus__charges') %}
{% set files = pending_files(ref('stg_focus__files'), 'is_current', landed_in=charges) %}
{% set plain_files = files | rejectattr('delivery', 'equalto', 'cumulative') | list %}
{% set cumulative_files = files | selectattr('delivery', 'equalto', 'cumulative') | list %}
{% set rows = 'all_rows' if cumulative_files else 'rows_of_files' %}

with rows_of_files as (

    {% if plain_files %}
    {{ read_focus_files(plain_files) }}
    {% else %}
    select
        cast(null as varchar) as source_file,
        cast(null as bigint) as source_row
    where false
    {% endif %}

)

{% if cumulative_files %}
, cumulative_rows as (

    {{ read_focus_files(cumulative_files) }}

),

all_rows as (

    select * from rows_of_files
    union all by name
    {{ last_of_running_totals('cumulative_rows', cumulative_files) }}

)
{% endif %}

select
    files.source,
    files.file_version,
    files.data_generator,
    files.declared_credits,
    {{ rows }}.*
from {{ rows }}
inner join {{ ref('stg_focus__files') }} as files on {{ rows }}.source_file = files.source_file
