{{ config(materialized='ephemeral') }}

{% set files = pending_requests('generic') %}

-- depends_on: {{ ref('request_columns') }}
{% if files %}
{{ read_request_files(files, run_query('select column_name, alias from ' ~ ref('request_columns')).rows) }}
{% else %}
select
    cast(null as varchar) as source_file,
    cast(null as bigint) as source_row,
    {% for name in request_text_columns() -%}
    cast(null as varchar) as {{ name }},
    {% endfor -%}
    cast(null as timestamp) as requested_at
where false
{% endif %}
