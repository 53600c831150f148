{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('column_aliases') }}
with requests as (

    {{ read_aliased_files(pending_requests('sglang'), aliases_of('sglang'), request_text_columns(), ['requested_at']) }}

)

-- a server that keeps no time statistics tells the hour in the file's name, and nothing else
select
    requests.* replace (
        coalesce(
            requested_at,
            case
                when input_tokens is not null
                    then try_strptime(regexp_extract(source_file, 'metrics-(\d{8}_\d{2})', 1), '%Y%m%d_%H')
            end
        ) as requested_at
    )
from requests
