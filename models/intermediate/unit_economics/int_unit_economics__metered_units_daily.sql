with units as (

    select
        unit,
        split(counted_units, ' ') as counted_units
    from {{ ref('units') }}

),

reports as (

    select distinct
        date_day,
        deployment_id,
        unit
    from {{ ref('int_usage__meter_readings_daily') }}
    where meter in ('provider', 'billed') and units is not null

),

metered_usage as (

    select * from {{ ref('int_usage__metered_usage_daily') }}

)

select
    metered_usage.date_day,
    metered_usage.deployment_id,
    units.unit,
    sum(metered_usage.units) as units,
    -- what the gateway alone counted is as good as its log
    bool_or(metered_usage.meter = 'gateway' and reports.unit is null) as is_by_gateway,
    bool_or(metered_usage.meter = 'billed') as is_by_bill
from metered_usage
inner join units on array_contains(units.counted_units, metered_usage.unit)
left join reports
    on
        metered_usage.date_day = reports.date_day
        and metered_usage.deployment_id = reports.deployment_id
        and metered_usage.unit = reports.unit
group by metered_usage.date_day, metered_usage.deployment_id, units.unit
