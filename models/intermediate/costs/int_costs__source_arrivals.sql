with files as (

    select * from {{ ref('stg_focus__files') }}
    where is_current and row_count > 0

),

-- a credit, a tax or a purchase is dated as its maker likes: how far a bill goes its usage says, where it has any.
periods as (

    select
        source,
        coalesce(min(usage_from), min(charges_from)) as charges_from,
        coalesce(max(usage_until), max(charges_until)) as charges_until,
        case when count(usage_from) > 0 then max(usage_hours_until) else max(hours_until) end as hours_until,
        case when count(usage_from) > 0 then max(usage_days_until) else max(days_until) end as days_until
    from files
    group by source

),

-- how far a bill has come shows in its short charges. The row of a day is written while the day's hours are still to
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

-- a charge for a month or a year is often written on its first day: it has come as far as the others have.
clocked as (

    select
        source,
        charges_from,
        coalesce(short_charges_until, least(charges_until, max(short_charges_until) over ()), charges_until)
            as complete_until
    from arrivals

),

-- a source that fell silent for more than a month behind the others has ended and holds nothing back
ended as (

    select
        source,
        complete_until >= max(complete_until) over () - interval 31 day as is_live,
        cast(charges_from as date) as complete_from,
        cast(complete_until as date) as complete_until
    from clocked

)

-- the month in which a bill begins or ends is only billed in part
select
    source,
    is_live,
    complete_from,
    complete_until,
    cast(date_trunc('month', complete_from) as date) as months_from,
    case when not is_live then cast(date_trunc('month', complete_until - interval 1 day) + interval 1 month as date) end
        as months_until
from ended
