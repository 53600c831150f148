with changes as (

    select
        date_day,
        cause,
        reference
    from {{ ref('int_books__changes_daily') }}

),

-- each change is one of its day, and one of all days together
scopes as (

    select
        date_day,
        cause,
        reference
    from changes
    union all
    select distinct
        cast(null as date) as date_day,
        cause,
        reference
    from changes

),

days as (

    select date_day
    from changes
    union
    select cast(null as date) as date_day

),

causes as (

    select
        days.date_day,
        count(distinct scopes.cause) as cause_count,
        min(scopes.cause) as cause,
        string_agg(scopes.cause || ' (' || scopes.reference || ')', '; ' order by scopes.cause, scopes.reference)
            as causes,
        string_agg(scopes.reference, '; ' order by scopes.reference) as reference
    from days
    left join scopes on days.date_day is not distinct from scopes.date_day
    group by days.date_day

)

-- the row without a day is about all closed days: what changed on one day can move another, as a counter over midnight does.
select
    case
        when cause_count = 0 then 'method_change'
        when cause_count = 1 then cause
        else 'several'
    end as cause,
    case
        when cause_count = 0
            then 'charges, seeds, meters and models are as they were: macros, the installed package or DuckDB'
        when cause_count = 1 then reference
        else causes
    end as reference,
    date_day
from causes
