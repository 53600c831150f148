{% set cost_columns = ['effectivecost', 'billedcost', 'contractedcost', 'listcost'] %}

select
    source_file,
    source,
    focus_version,
    list_filter({{ cost_columns }}, lambda name: not array_contains(column_names, name)) as missing_cost_columns,
    list_position({{ focus_versions() }}, focus_version) as version_number
from {{ ref('stg_focus__files') }}
where is_current
