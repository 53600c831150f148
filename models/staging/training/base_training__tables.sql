{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('column_aliases') }}
{% set files = pending_files(
    ref('stg_telemetry__files'),
    "folder = 'telemetry/training' and shape in ('generic', 'wandb', 'megatron')"
) %}

{{ read_aliased_files(
    files,
    aliases_of('training'),
    ['run_id', 'attempt_id', 'deployment_id', 'step', 'tokens_seen', 'samples_seen', 'sequence_length'],
    ['ts']
) }}
