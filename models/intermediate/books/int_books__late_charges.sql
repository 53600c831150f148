with closed_charges as (

    select * from {{ ref('int_books__closed_charge_days') }}

),

charges as (

    select * from {{ ref('int_books__charge_days') }}

),

other_charge_days as (

    select
        coalesce(charges.date_day, closed_charges.date_day) as date_day,
        coalesce(charges.source, closed_charges.source) as source,
        coalesce(charges.file_costs, []) as file_costs,
        coalesce(closed_charges.file_costs, []) as closed_file_costs
    from charges
    full outer join closed_charges
        on charges.date_day = closed_charges.date_day and charges.source = closed_charges.source
    where charges.fingerprint is distinct from closed_charges.fingerprint

),

-- the files that say something else of the day, or that said something and are gone; the cost stands behind the last colon
other_files as (

    select
        date_day,
        source,
        list_filter(file_costs, lambda it: not list_contains(closed_file_costs, it))
        || list_filter(closed_file_costs, lambda it: not list_contains(file_costs, it)) as file_costs
    from other_charge_days

)

select distinct
    date_day,
    unnest(case
        when len(file_costs) = 0 then ['source ' || source]
        else list_transform(file_costs, lambda it: regexp_replace(it, ': [^:]*$', ''))
    end) as reference
from other_files
