{% set cost_columns = sql_texts(['effectivecost', 'billedcost', 'contractedcost', 'listcost']) %}

select
    source_file,
    source,
    focus_version,
    {{ list_where(cost_columns, 'name', 'not array_contains(column_names, name)') }} as missing_cost_columns,
    {{ focus_version_number('focus_version') }} as version_number
from {{ ref('stg_focus__files') }}
where is_current
