{{ config(materialized='view') }}

-- depends_on: {{ ref('base_prometheus__files') }}
{{ read_prometheus_samples(pending_files(ref('base_prometheus__files'), 'shape is not null')) }}
