with increases as (

    select * from {{ ref('int_usage__counter_increases_daily') }}

),

series as (

    select * from {{ ref('int_usage__series_deployments') }}
    where is_counted

),

measured as (

    select
        increases.usage_date,
        coalesce(series.deployment_id, '(unattributed)') as deployment_id,
        series.target_id,
        series.semantic,
        series.preference,
        sum(series.sign * increases.increase) as units
    from increases
    inner join series on increases.series_id = series.series_id
    group by all

),

-- where a server says the same thing under two names, the better name counts
preferred as (

    select * from measured
    qualify preference = min(preference) over (partition by usage_date, deployment_id, target_id, semantic)

),

totals as (

    select
        usage_date,
        deployment_id,
        sum(units) filter (where semantic = 'input_tokens') as input_tokens,
        sum(units) filter (where semantic = 'cached_input_tokens') as cached_input_tokens,
        sum(units) filter (where semantic = 'output_tokens') as output_tokens,
        sum(units) filter (where semantic = 'requests') as requests
    from preferred
    group by usage_date, deployment_id

),

-- servers count cached tokens among the prompt's; a cache hit counted before its prompt must not make input negative
disjoint as (

    select
        usage_date,
        deployment_id,
        input_tokens - least(coalesce(cached_input_tokens, 0), input_tokens) as input_token,
        case
            when
                cached_input_tokens is not null
                then least(cached_input_tokens, coalesce(input_tokens, cached_input_tokens))
        end
            as cached_input_token,
        output_tokens as output_token,
        requests as request
    from totals

),

units as (

    unpivot disjoint
    on input_token, cached_input_token, output_token, request
    into name unit value units

)

select
    usage_date,
    deployment_id,
    unit,
    cast(units as bigint) as units
from units
