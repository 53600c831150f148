-- the shares of a deployment's day are the whole of its cost, and lie within their band
select
    date_day,
    deployment_id,
    sum(weight) as total_weight
from {{ ref('int_allocation__token_shares_daily') }}
group by date_day, deployment_id
having sum(weight) != 1000000000000 or min(weight - weight_low) < 0 or min(weight_high - weight) < 0
