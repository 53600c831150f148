select
    invocation_id,
    node_id,
    resource_type,
    layer,
    name,
    status,
    seconds,
    failures,
    table_rows
from {{ source('builds', 'nodes') }}
