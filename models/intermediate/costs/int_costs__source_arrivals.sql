with charges as (
    select
        source,
        charge_period_start,
        charge_period_end,
        {{ has_consumed_quantity() }} as is_usage
    from {{ ref('stg_focus__charges') }}
),

periods_by_kind as (
    select
        source,
        is_usage,
        min(charge_period_start) as charges_from,
        max(charge_period_end) filter (where charge_period_end < charge_period_start + interval 1 day) as hours_until,
        max(charge_period_end) filter (where charge_period_end = charge_period_start + interval 1 day) as days_until,
        max(charge_period_end) as charges_until
    from charges
    group by source, is_usage
),

-- A credit, a tax or a purchase is dated as its maker likes: how far a bill goes its usage says, where it has any.
periods as (
    select * from periods_by_kind
    qualify is_usage = max(is_usage) over (partition by source)
),

-- How far a bill has come shows in its short charges. The row of a day is written while the day's hours are still to
-- come, so that the one that is behind counts, unless it stopped long ago: then it is no longer written at all.
arrivals as (
    select
        source,
        charges_from,
        charges_until,
        case
            when hours_until between days_until - interval 2 day and days_until + interval 2 day
                then least(hours_until, days_until)
            else greatest(coalesce(hours_until, days_until), coalesce(days_until, hours_until))
        end as short_charges_until
    from periods
),

-- A charge for a month or a year is often written on its first day: it has come as far as the others have.
clocked as (
    select
        source,
        charges_from,
        coalesce(short_charges_until, least(charges_until, max(short_charges_until) over ()), charges_until)
            as complete_until
    from arrivals
),

-- A source that fell silent for more than a month behind the others has ended and holds nothing back.
ended as (
    select
        source,
        complete_until >= max(complete_until) over () - interval 31 day as is_live,
        cast(charges_from as date) as complete_from,
        cast(complete_until as date) as complete_until
    from clocked
)

-- The month in which a bill begins or ends is only billed in part.
select
    source,
    is_live,
    complete_from,
    complete_until,
    cast(date_trunc('month', complete_from) as date) as months_from,
    case when not is_live then cast(date_trunc('month', complete_until - interval 1 day) + interval 1 month as date) end
        as months_until
from ended
