with readings as (

    select * from {{ ref('int_usage__meter_readings_daily') }}
    where meter in ('server', 'gateway') and unit in ('request', 'prompt_token', 'output_token')

),

silences as (

    select * from {{ ref('int_usage__log_silences_daily') }}
    where log = 'requests' and silent_hours > 0

),

compared as (

    select
        date_day,
        deployment_id,
        unit,
        max(case when meter = 'server' then units end) as server_units,
        max(case when meter = 'gateway' then units end) as gateway_units
    from readings
    group by date_day, deployment_id, unit

)

-- a request for two answers repeats requests and prompts, and a second server of a prefill prompts: only a second scrape all three
select
    compared.date_day,
    compared.deployment_id
from compared
-- a gateway that was away for half of the day lacks half, too
left join silences
    on
        compared.date_day = silences.date_day
        and silences.logged_for in (compared.deployment_id, '(all)')
where silences.date_day is null
group by compared.date_day, compared.deployment_id
having
    count(compared.server_units) = 3
    and bool_and(
        compared.gateway_units > 0
        and abs(compared.server_units - 2 * compared.gateway_units) * 100 <= compared.server_units
    )
    and max(case when compared.unit = 'request' then compared.gateway_units end) >= 10
