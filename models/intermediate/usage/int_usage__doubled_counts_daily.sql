with readings as (

    select * from {{ ref('int_usage__meter_readings_daily') }}
    where meter in ('server', 'gateway') and unit in ('request', 'prompt_token', 'output_token')

),

silences as (

    select * from {{ ref('int_usage__gateway_silences_daily') }}
    where silent_hours > 0

),

compared as (

    select
        usage_date,
        deployment_id,
        unit,
        max(case when meter = 'server' then units end) as server_units,
        max(case when meter = 'gateway' then units end) as gateway_units
    from readings
    group by usage_date, deployment_id, unit

)

-- a request for two answers repeats requests and prompts, and a second server of a prefill prompts: only a second scrape all three
select
    compared.usage_date,
    compared.deployment_id
from compared
-- a gateway that was away for half of the day lacks half, too
left join silences
    on
        compared.usage_date = silences.usage_date
        and silences.deployment_id in (compared.deployment_id, '(all)')
where silences.usage_date is null
group by compared.usage_date, compared.deployment_id
having
    count(compared.server_units) = 3
    and bool_and(
        compared.gateway_units > 0
        and abs(compared.server_units - 2 * compared.gateway_units) * 100 <= compared.server_units
    )
    and max(case when compared.unit = 'request' then compared.gateway_units end) >= 10
