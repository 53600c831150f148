select
    source_file,
    file_version,
    folder,
    source,
    shape,
    problem,
    checksum,
    first_invocation_id,
    gone_invocation_id,
    size_bytes,
    modified_at,
    first_seen_at,
    gone_at
from {{ source('builds', 'inputs') }}
