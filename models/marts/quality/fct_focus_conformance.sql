with findings as (

    select * from {{ ref('int_quality__focus_findings') }}
    union all
    select * from {{ ref('int_quality__token_meter_findings') }}
    union all
    select * from {{ ref('int_quality__source_overlaps') }}
    union all
    select * from {{ ref('int_quality__split_charges') }}

)

select
    source,
    rule_id,
    column_name,
    check_kind,
    severity,
    status,
    rule,
    reason,
    example_source_file,
    example_value,
    checked_count,
    violating_count,
    cast(violating_count as double) / nullif(checked_count, 0) as violating_share,
    touched_cost,
    example_row,
    is_sign_of_trouble
from findings
