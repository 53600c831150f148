with counts as (

    select * from {{ ref('int_usage__hosted_counts_daily') }}

),

hosted_meters as (

    select * from {{ ref('int_usage__hosted_meters_daily') }}

),

token_counts as (

    select
        counts.date_day,
        counts.deployment_id,
        counts.meter,
        counts.tokens
    from counts
    inner join hosted_meters
        on
            counts.date_day = hosted_meters.date_day
            and counts.deployment_id = hosted_meters.deployment_id
            and counts.meter = hosted_meters.meter

),

-- a small day has no three per cent: a few average requests may be missing
compared as (

    select
        counts.date_day,
        counts.deployment_id,
        counts.meter,
        counts.requests,
        coalesce(counts.meter = token_counts.meter, false) as counts_tokens,
        coalesce(
            token_counts.tokens - counts.tokens
            > {{ tolerated_tokens('token_counts.tokens', 'counts.tokens', 'counts.requests') }},
            false
        ) as is_part_of_day
    from counts
    left join token_counts
        on counts.date_day = token_counts.date_day and counts.deployment_id = token_counts.deployment_id
    where counts.requests is not null

),

-- a bill has no requests, and some reports have none: of the others first one that saw all tokens, then the one that saw more
ranked as (

    select
        *,
        row_number() over (
            partition by date_day, deployment_id
            order by counts_tokens desc, is_part_of_day, requests desc, meter desc
        ) as rank
    from compared

)

-- a gateway that is passed by is better than nobody; a report that ends at noon says nothing of the rest of its day
select
    date_day,
    deployment_id,
    meter
from ranked
where rank = 1 and not (meter = 'provider' and is_part_of_day)
