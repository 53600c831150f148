with token_weights as (

    select * from {{ ref('int_allocation__token_weights_daily') }}

),

totals as (

    select
        date_day,
        deployment_id,
        method,
        sum(weight) as total_weight
    from token_weights
    group by date_day, deployment_id, method
    having sum(weight) > 0

),

-- brought to 18 digits first, so that the products of the division fit into a wide integer
scaled_weights as (

    select
        token_weights.date_day,
        token_weights.deployment_id,
        token_weights.method,
        token_weights.unit,
        cast(1000000000000 as {{ wide_integer() }}) as whole,
        {{ quotient(
            'token_weights.weight', 'greatest(' ~ quotient('totals.total_weight', '1000000000000000000') ~ ', 1)'
        ) }} as scaled_weight
    from token_weights
    inner join totals
        on
            token_weights.date_day = totals.date_day
            and token_weights.deployment_id = totals.deployment_id
            and token_weights.method = totals.method

),

shares as (

    {{ largest_remainder(
        'scaled_weights',
        amount='whole',
        weight='scaled_weight',
        partition_by=['date_day', 'deployment_id', 'method'],
        order_by=['unit'],
        part='share'
    ) }}

)

select
    date_day,
    deployment_id,
    method,
    unit,
    cast(share as bigint) as weight
from shares
