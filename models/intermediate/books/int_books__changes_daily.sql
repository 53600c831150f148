{#- What was recorded when the latest month was closed, beside what is there today; both tell rows of the same shape. -#}
with closed_days as (

    select
        cast(
            unnest(generate_series(
                cast(min(closed_month) as timestamp), max(next_month) - interval 1 day, interval 1 day
            )) as date
        ) as date_day
    from {{ ref('int_books__closed_months') }}

),

closed_charges as (

    select * from {{ ref('int_books__closed_charge_days') }}

),

charges as (

    select * from {{ ref('int_books__charge_days') }}

),

closed_meters as (

    select * from {{ ref('int_books__closed_meter_days') }}

),

meters as (

    select * from {{ ref('int_books__meter_days') }}

),

closed_seed_rows as (

    select * from {{ ref('int_books__closed_seed_rows') }}

),

seed_rows as (

    select * from {{ ref('int_books__seed_rows') }}

),

closed_methods as (

    select * from {{ ref('int_books__closed_methods') }}

),

methods as (

    select * from {{ ref('int_books__methods') }}

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

),

-- quantities, or attributes, can be others at the same cost: then no file can be named
late_charges as (

    select distinct
        date_day,
        'late_charge' as cause,
        unnest(case
            when len(file_costs) = 0 then ['source ' || source]
            else list_transform(file_costs, lambda it: regexp_replace(it, ': [^:]*$', ''))
        end) as reference
    from other_files

),

meter_changes as (

    select
        coalesce(meters.date_day, closed_meters.date_day) as date_day,
        'meter_change' as cause,
        coalesce(meters.meter, closed_meters.meter) as reference
    from meters
    full outer join closed_meters on meters.date_day = closed_meters.date_day and meters.meter = closed_meters.meter
    where meters.fingerprint is distinct from closed_meters.fingerprint

),

rows_then_and_now as (

    select
        *,
        true as is_closed
    from closed_seed_rows
    union all
    select
        *,
        false as is_closed
    from seed_rows

),

other_seed_rows as (

    select
        seed_name,
        seed_row,
        valid_from,
        valid_to
    from rows_then_and_now
    group by seed_name, seed_row, valid_from, valid_to
    having count(*) filter (where is_closed) != count(*) filter (where not is_closed)

),

rule_changes as (

    select
        closed_days.date_day,
        'rule_change' as cause,
        'seed ' || other_seed_rows.seed_name || ': ' || other_seed_rows.seed_row as reference
    from closed_days
    inner join other_seed_rows
        on
            closed_days.date_day >= coalesce(other_seed_rows.valid_from, date '0001-01-01')
            and closed_days.date_day < coalesce(other_seed_rows.valid_to, date '9999-12-31')
    group by closed_days.date_day, other_seed_rows.seed_name, other_seed_rows.seed_row
    -- a row that is in effect before and after, and only ends on another day, changes nothing of this day
    having count(*) = 1

),

method_changes as (

    select
        closed_days.date_day,
        'method_change' as cause,
        unnest(list_filter([
            case when methods.models_checksum != closed_methods.models_checksum then 'models of the project' end,
            case when methods.variables != closed_methods.variables then 'variables ' || methods.variables end
        ], lambda it: it is not null)) as reference
    from closed_days
    cross join methods
    cross join closed_methods

),

changes as (

    select date_day, cause, reference from late_charges
    union all
    select date_day, cause, reference from meter_changes
    union all
    select date_day, cause, reference from rule_changes
    union all
    select date_day, cause, reference from method_changes

)

select
    changes.cause,
    changes.reference,
    changes.date_day
from changes
inner join closed_days on changes.date_day = closed_days.date_day
