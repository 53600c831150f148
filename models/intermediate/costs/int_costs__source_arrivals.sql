with charges as (
    select
        source,
        charge_period_start,
        charge_period_end
    from {{ ref('stg_focus__charges') }}
),

-- A charge for a month is often written on its first day; how far the bill has come shows in the short ones.
arrivals as (
    select
        source,
        cast(min(charge_period_start) as date) as complete_from,
        cast(coalesce(
            max(charge_period_end) filter (where charge_period_end <= charge_period_start + interval 1 day),
            max(charge_period_end)
        ) as date) as complete_until
    from charges
    group by source
)

select
    source,
    -- A source that fell silent for more than a month behind the others has ended and holds nothing back.
    complete_until >= max(complete_until) over () - interval 31 day as is_live,
    complete_from,
    complete_until
from arrivals
