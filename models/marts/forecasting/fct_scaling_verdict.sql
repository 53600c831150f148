with outlooks as (

    select * from {{ ref('int_forecasting__outlooks') }}

)

select
    environment,
    workload,
    unit,
    scaling.verdict,
    scaling.reason as inconclusive_reason,
    scaling.sentence,
    scaling.weeks,
    scaling.elasticity,
    scaling.elasticity_low,
    scaling.elasticity_high,
    scaling.usage_change,
    scaling.cost_change,
    scaling.cost_per_unit_change,
    as_of_date
from outlooks
