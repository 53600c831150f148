with server_usage as (

    select * from {{ ref('int_usage__server_usage_daily') }}

),

gateway_usage as (

    select * from {{ ref('int_usage__gateway_usage_daily') }}

),

provider_usage as (

    select * from {{ ref('int_usage__provider_usage_daily') }}

),

meter_lines as (

    select * from {{ ref('int_costs__meter_lines_daily') }}

),

training_steps as (

    select * from {{ ref('int_usage__training_steps_daily') }}

),

-- providers and bills tell what was written to a cache apart; servers and gateways have it among the uncached input
readings as (

    select
        date_day,
        deployment_id,
        'server' as meter,
        unit,
        units,
        false as is_cache_write
    from server_usage

    union all

    select
        date_day,
        deployment_id,
        'gateway' as meter,
        unit,
        units,
        false as is_cache_write
    from gateway_usage

    union all

    select
        date_day,
        deployment_id,
        'provider' as meter,
        case unit when 'cache_write_token' then 'input_token' else unit end as unit,
        units,
        unit = 'cache_write_token' as is_cache_write
    from provider_usage

    union all

    select
        date_day,
        deployment_id,
        'billed' as meter,
        case unit when 'cache_write_token' then 'input_token' else unit end as unit,
        billed_units as units,
        false as is_cache_write
    from meter_lines

    union all

    select
        training_steps.date_day,
        training_steps.deployment_id,
        kinds.meter,
        kinds.unit,
        case
            when kinds.meter = 'training_log' and kinds.unit = 'training_step' then training_steps.useful_steps
            when kinds.meter = 'training_log' then training_steps.useful_tokens
            when kinds.unit = 'training_step' then training_steps.executed_steps
            else training_steps.executed_tokens
        end as units,
        false as is_cache_write
    from training_steps
    cross join (
        values
        ('training_log', 'training_step'),
        ('training_log', 'training_token'),
        ('training_log_executed', 'training_step'),
        ('training_log_executed', 'training_token')
    ) as kinds (meter, unit)

),

-- a sum is unknown where one of its parts is; what was written to a cache without any other input is no count of input
totals as (

    select
        date_day,
        deployment_id,
        meter,
        unit,
        case when count(*) = count(units) and not bool_and(is_cache_write) then sum(units) end as units
    from readings
    group by date_day, deployment_id, meter, unit

),

-- all of a prompt, by whatever was cached: meters that disagree about the cache can still agree about this
prompts as (

    select
        date_day,
        deployment_id,
        meter,
        'prompt_token' as unit,
        case when count(*) = count(units) then sum(units) end as units
    from totals
    where
        unit in ('input_token', 'cached_input_token')
        and meter != 'provider'
    group by date_day, deployment_id, meter
    having bool_or(unit = 'input_token')

)

select
    date_day,
    deployment_id,
    meter,
    unit,
    cast(units as bigint) as units
from totals

union all

select
    date_day,
    deployment_id,
    meter,
    unit,
    cast(units as bigint) as units
from prompts
