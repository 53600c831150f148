with newest_file as (

    select cast(coalesce(max(modified_at), timestamp '2099-12-31') as date) as written_on
    from {{ ref('landed_files') }}

),

ledger as (

    select date_day
    from {{ ref('int_allocation__cost_ledger_daily') }}
    where effective_cost != 0

),

cells as (

    select date_day from {{ ref('int_unit_economics__usage_cells_daily') }}

),

bounds as (

    select
        min(date_day) as first_date,
        max(date_day) as last_date
    from (
        select date_day from ledger
        union all
        select date_day from cells
    )
    -- a charge of 1970 or 2286 is a finding, and no reason for centuries of empty days
    where
        date_day >= date '2000-01-01'
        and date_day <= (
            select written_on + interval '{{ var('calendar_years_ahead') }} years'
            from newest_file
        )

),

days as (

    select {{ each_day('first_date', 'last_date') }} as date_day
    from bounds
    where first_date is not null

)

select
    date_day,
    {{ date_text('date_day', '%A') }} as day_name,
    {{ date_text('date_day', '%B') }} as month_name,
    cast({{ weekday_of('date_day') }} as integer) as day_of_week,
    cast(month(date_day) as integer) as month_of_year,
    cast(quarter(date_day) as integer) as quarter_of_year,
    cast(year(date_day) as integer) as calendar_year,
    {{ weekday_of('date_day') }} >= 6 as is_weekend,
    {{ period_start('date_day', "'week'") }} as week_start,
    {{ period_start('date_day', "'month'") }} as month_start,
    cast(date_trunc('quarter', date_day) as date) as quarter_start
from days
