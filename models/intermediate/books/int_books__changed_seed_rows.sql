with closed_seed_rows as (

    select * from {{ ref('int_books__closed_seed_rows') }}

),

seed_rows as (

    select * from {{ ref('int_books__seed_rows') }}

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

)

select
    seed_name,
    seed_row,
    valid_from,
    valid_to
from rows_then_and_now
group by seed_name, seed_row, valid_from, valid_to
having count(*) filter (where is_closed) != count(*) filter (where not is_closed)
