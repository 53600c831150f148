select
    date_day,
    deployment_id,
    unit,
    meter,
    reference_meter,
    likely_cause,
    units,
    reference_units,
    difference,
    difference / nullif(cast(reference_units as double), 0) as relative_difference,
    is_within_tolerance
from {{ ref('int_usage__meter_comparisons_daily') }}
