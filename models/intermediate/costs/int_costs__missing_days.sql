with source_arrivals as (

    select * from {{ ref('int_costs__source_arrivals') }}

),

-- a charge dated after the day to which its bill has come makes no hole of the days between
charges as (

    select distinct
        charges.source,
        charges.charge_period_end <= charges.charge_period_start + interval 1 hour as is_hourly,
        date_trunc('hour', charges.charge_period_start) as hour_starts_at
    from {{ ref('stg_focus__charges') }} as charges
    inner join source_arrivals on charges.source = source_arrivals.source
    where
        charges.charge_period_end <= charges.charge_period_start + interval 1 day
        and charges.charge_period_start < source_arrivals.complete_until
        and {{ has_consumed_quantity() }}

),

slots as (

    select distinct
        source,
        interval 1 day as slot_length,
        date_trunc('day', hour_starts_at) as slot
    from charges

    union all

    select
        source,
        interval 1 hour as slot_length,
        hour_starts_at as slot
    from charges
    where is_hourly

),

spans as (

    select
        source,
        slot_length,
        min(slot) as first_slot,
        max(slot) as last_slot
    from slots
    group by source, slot_length

),

expected_slots as (

    select
        source,
        slot_length,
        {{ each_time('first_slot', 'last_slot', 'slot_length') }} as slot
    from spans

),

compared as (

    select
        expected_slots.source,
        expected_slots.slot,
        slots.slot is null as is_silent,
        count(*) over kind as slots_expected,
        count(slots.slot) over kind as slots_billed,
        case expected_slots.slot_length when interval 1 day then 10 else 100 end as one_of
    from expected_slots
    left join slots
        on
            expected_slots.source = slots.source
            and expected_slots.slot_length = slots.slot_length
            and expected_slots.slot = slots.slot
    window kind as (
        partition by expected_slots.source, expected_slots.slot_length, {{ weekday_of('expected_slots.slot') }} >= 6
    )

),

-- from the month in which it begins to that in which it ends; a live source owes what the last of all has
ending_sources as (

    select
        source,
        complete_from,
        complete_until,
        months_from,
        cast(coalesce(months_until, max(complete_until) over ()) - interval 1 day as date) as last_day
    from source_arrivals

),

owed as (

    select
        source,
        complete_from,
        complete_until,
        {{ each_day('months_from', 'last_day') }} as date_day
    from ending_sources

)

select
    source,
    date_day
from owed
where date_day < complete_from or date_day >= complete_until

union

-- where nine of ten days of a kind (workdays, weekends) are billed, or 99 of 100 hours, one that is not is missing
select
    source,
    cast(slot as date) as date_day
from compared
where is_silent and (slots_expected - slots_billed) * one_of <= slots_expected
