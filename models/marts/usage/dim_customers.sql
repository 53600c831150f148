select
    customer_id || '@' || valid_from as customer_period_id,
    customer_id,
    coalesce(customer_tier, '(unattributed)') as customer_tier,
    coalesce(geography, '(unattributed)') as geography,
    valid_from,
    valid_to
from {{ ref('stg_customers__customers') }}
