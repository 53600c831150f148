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

late_charges as (

    select * from {{ ref('int_books__late_charges') }}

),

closed_meters as (

    select * from {{ ref('int_books__closed_meter_days') }}

),

meters as (

    select * from {{ ref('int_books__meter_days') }}

),

changed_seed_rows as (

    select * from {{ ref('int_books__changed_seed_rows') }}

),

closed_methods as (

    select * from {{ ref('int_books__closed_methods') }}

),

methods as (

    select * from {{ ref('int_books__methods') }}

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

rule_changes as (

    select
        closed_days.date_day,
        'rule_change' as cause,
        'seed ' || changed_seed_rows.seed_name || ': ' || changed_seed_rows.seed_row as reference
    from closed_days
    inner join changed_seed_rows
        on
            closed_days.date_day >= coalesce(changed_seed_rows.valid_from, date '0001-01-01')
            and closed_days.date_day < coalesce(changed_seed_rows.valid_to, date '9999-12-31')
    group by closed_days.date_day, changed_seed_rows.seed_name, changed_seed_rows.seed_row
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

    select date_day, 'late_charge' as cause, reference from late_charges
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
