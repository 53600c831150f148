{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('column_aliases') }}
{{ read_aliased_files(pending_requests('litellm'), aliases_of('litellm'), request_text_columns(), ['requested_at']) }}
