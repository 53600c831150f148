{%- set without_parts = (1001 * (1 - var('metering_tolerance'))) | int -%}

with readings as (

    select * from {{ ref('int_usage__meter_readings_daily') }}
    where
        unit in ('input_token', 'cached_input_token', 'output_token')
        and meter in ('gateway', 'provider', 'billed')
        and units is not null

),

kinds as (

    select
        date_day,
        deployment_id,
        unit,
        bool_or(meter = 'billed') as is_billed
    from readings
    where units > 0
    group by date_day, deployment_id, unit

),

-- the bill counts all that it names; of a day of which it does not name a kind that others saw it cannot speak
billed_days as (

    select
        date_day,
        deployment_id,
        bool_and(is_billed) as is_every_kind_billed
    from kinds
    group by date_day, deployment_id

),

-- a gateway that knows of a prompt only the whole counts where it saw clearly more
meters as (

    select * from {{ ref('int_usage__hosted_counts_daily') }}
    where has_parts or (tokens is not null and meter = 'gateway')

),

-- a report that ends at noon and a gateway that is passed by both see too little: the one that saw more
-- counts. The bill's quantities are rounded: they count where they are clearly more, or where there is no other
ranked as (

    select
        meters.date_day,
        meters.deployment_id,
        meters.meter,
        row_number() over (
            partition by meters.date_day, meters.deployment_id
            order by
                case
                    when meters.meter != 'billed' and meters.has_parts then meters.tokens * 1001
                    when meters.meter != 'billed' then meters.tokens * {{ without_parts }}
                    when coalesce(billed_days.is_every_kind_billed, true) then meters.tokens * 1000
                    else 0
                end desc,
                meters.meter desc
        ) as rank
    from meters
    left join billed_days
        on meters.date_day = billed_days.date_day and meters.deployment_id = billed_days.deployment_id

)

select
    date_day,
    deployment_id,
    meter
from ranked
where rank = 1
