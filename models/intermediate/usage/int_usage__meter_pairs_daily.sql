with readings as (

    select * from {{ ref('int_usage__meter_readings_daily') }}

),

metered_usage as (

    select * from {{ ref('int_usage__metered_usage_daily') }}

),

-- the meter by which a deployment's cost is divided: a bill that counts the tokens has no requests, and another counts those
reference_meters as (

    select
        date_day,
        deployment_id,
        unit = 'request' as is_request,
        max(meter) as meter
    from metered_usage
    group by date_day, deployment_id, unit = 'request'

),

-- where that one is silent, the one that counts the rest of the day, or the one that the deployment has on other days
day_meters as (

    select
        date_day,
        deployment_id,
        max(meter) as meter
    from reference_meters
    group by date_day, deployment_id

),

usual_meters as (

    select
        deployment_id,
        max_by(meter, date_day) as meter
    from day_meters
    group by deployment_id

),

counted_days as (

    select distinct
        date_day,
        deployment_id,
        unit
    from readings

),

counting_meters as (

    select
        deployment_id,
        meter,
        unit
    from readings
    group by deployment_id, meter, unit
    having max(units) is distinct from 0

),

-- a meter that is known to count a unit should do so on every day on which another one does
expected as (

    select
        days.date_day,
        days.deployment_id,
        meters.meter,
        days.unit
    from counted_days as days
    inner join counting_meters as meters
        on days.deployment_id = meters.deployment_id and days.unit = meters.unit

),

referred as (

    select
        expected.*,
        coalesce(reference_meters.meter, day_meters.meter, usual_meters.meter) as reference_meter
    from expected
    left join reference_meters
        on
            expected.date_day = reference_meters.date_day
            and expected.deployment_id = reference_meters.deployment_id
            and (expected.unit = 'request') = reference_meters.is_request
    left join day_meters
        on
            expected.date_day = day_meters.date_day
            and expected.deployment_id = day_meters.deployment_id
    left join usual_meters on expected.deployment_id = usual_meters.deployment_id

)

select
    referred.date_day,
    referred.deployment_id,
    referred.unit,
    referred.meter,
    referred.reference_meter,
    readings.units,
    reference_readings.units as reference_units,
    readings.units - reference_readings.units as difference
from referred
left join readings
    on
        referred.date_day = readings.date_day
        and referred.deployment_id = readings.deployment_id
        and referred.meter = readings.meter
        and referred.unit = readings.unit
left join readings as reference_readings
    on
        referred.date_day = reference_readings.date_day
        and referred.deployment_id = reference_readings.deployment_id
        and referred.reference_meter = reference_readings.meter
        and referred.unit = reference_readings.unit
