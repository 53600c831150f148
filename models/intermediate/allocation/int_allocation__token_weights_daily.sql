{%- set billion = 'cast(1000000000 as ' ~ wide_integer() ~ ')' -%}
{%- set trillion = 'cast(1000000000000 as ' ~ wide_integer() ~ ')' -%}

with tokens as (

    select * from {{ ref('int_allocation__divisible_tokens_daily') }}

),

generated as (

    select * from tokens
    where kind not in ('embedding', 'training')

),

phase_times as (

    select
        *,
        prefill_seconds + decode_seconds + mixed_seconds as total_seconds
    from {{ ref('int_allocation__phase_times_daily') }}
    where prefill_seconds + decode_seconds + mixed_seconds > 0

),

-- U/Rp : kappa*K/Rp : O/Rd, multiplied by Rp*Rd and by what makes the rates and kappa whole numbers
measured_rates as (

    select
        date_day,
        deployment_id,
        'measured_rates' as method,
        input_tokens * decode_rate * {{ billion }} as input_token,
        cached_input_tokens * decode_rate * cached_billionths as cached_input_token,
        output_tokens * prefill_rate * {{ billion }} as output_token
    from generated
    where prefill_rate is not null

),

-- a step that did both divides as the fixed weights would; in trillionths, so that the products fit into a wide integer
phase_shares as (

    select
        generated.*,
        phase_times.method,
        cast(
            {{ quotient(trillion ~ ' * phase_times.prefill_seconds', 'phase_times.total_seconds') }}
            + {{ quotient(
                quotient(trillion ~ ' * phase_times.mixed_seconds', 'phase_times.total_seconds')
                ~ ' * (generated.input_tokens * 10 + generated.cached_input_tokens)',
                '(generated.input_tokens * 10 + generated.cached_input_tokens + generated.output_tokens * 25)'
            ) }}
            as {{ wide_integer() }}
        ) as input_share
    from generated
    inner join phase_times
        on generated.date_day = phase_times.date_day and generated.deployment_id = phase_times.deployment_id

),

-- inside the input's share tokens weigh U : kappa*K, and a side without tokens bears nothing
phase_weights as (

    select
        date_day,
        deployment_id,
        method,
        input_share * input_tokens * {{ billion }} as input_token,
        input_share * cached_input_tokens * cached_billionths as cached_input_token,
        case
            when output_tokens = 0 then 0
            else
                ({{ trillion }} - input_share)
                * greatest(input_tokens * {{ billion }} + cached_input_tokens * cached_billionths, 1)
        end as output_token
    from phase_shares

),

fixed_weights as (

    select
        date_day,
        deployment_id,
        'fixed_weights' as method,
        input_tokens * 10 as input_token,
        cached_input_tokens as cached_input_token,
        output_tokens * 25 as output_token
    from generated

),

-- the charges of a hosted model carry their kind
billed_meters as (

    select
        date_day,
        deployment_id,
        'billed_meters' as method,
        cast(coalesce(sum(weight) filter (where unit = 'input_token'), 0) as {{ wide_integer() }}) as input_token,
        cast(coalesce(sum(weight) filter (where unit = 'cached_input_token'), 0) as {{ wide_integer() }})
            as cached_input_token,
        cast(coalesce(sum(weight) filter (where unit = 'output_token'), 0) as {{ wide_integer() }}) as output_token
    from {{ ref('int_allocation__billed_weights_daily') }}
    group by date_day, deployment_id
    having count(*) = count(weight)

),

input_only as (

    select
        date_day,
        deployment_id,
        'input_only' as method,
        input_tokens + cached_input_tokens + output_tokens as input_token,
        cast(null as {{ wide_integer() }}) as cached_input_token,
        cast(null as {{ wide_integer() }}) as output_token
    from tokens
    where kind = 'embedding'

),

methods as (

    select * from billed_meters
    union all
    select * from measured_rates
    union all
    select * from phase_weights
    union all
    select * from fixed_weights
    union all
    select * from input_only

),

unit_weights as (

    select date_day, deployment_id, method, 'input_token' as unit, input_token as weight
    from methods
    union all
    select date_day, deployment_id, method, 'cached_input_token' as unit, cached_input_token as weight
    from methods
    union all
    select date_day, deployment_id, method, 'output_token' as unit, output_token as weight
    from methods

)

select
    date_day,
    deployment_id,
    method,
    unit,
    weight
from unit_weights
where weight is not null
