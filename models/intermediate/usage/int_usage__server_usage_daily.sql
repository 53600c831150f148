with counts as (

    select * from {{ ref('int_usage__server_counts_daily') }}

),

totals as (

    select
        usage_date,
        deployment_id,
        sum(units) filter (where semantic = 'input_tokens') as input_tokens,
        sum(units) filter (where semantic = 'uncached_input_tokens') as uncached_input_tokens,
        sum(units) filter (where semantic = 'cached_input_tokens') as cached_input_tokens,
        sum(units) filter (where semantic = 'output_tokens') as output_tokens,
        sum(units) filter (where semantic = 'requests') as requests,
        sum(units) filter (where semantic = 'embeddings') as embeddings
    from counts
    group by usage_date, deployment_id

),

-- most servers count cached tokens among the prompt's; a cache hit counted before its prompt must not make input negative
disjoint as (

    select
        usage_date,
        deployment_id,
        case
            when input_tokens is not null
                then input_tokens - least(coalesce(cached_input_tokens, 0), input_tokens)
                    + coalesce(uncached_input_tokens, 0)
            else uncached_input_tokens
        end as input_token,
        case
            when
                cached_input_tokens is not null
                then least(cached_input_tokens, coalesce(input_tokens, cached_input_tokens))
        end as cached_input_token,
        output_tokens as output_token,
        -- what was aborted before it was counted is taken off all the same: below 0, nobody knows
        case when requests >= 0 then requests end as request,
        embeddings as embedding
    from totals

),

units as (

    unpivot disjoint
    on input_token, cached_input_token, output_token, request, embedding
    into name unit value units

)

select
    usage_date,
    deployment_id,
    unit,
    cast(units as bigint) as units
from units
