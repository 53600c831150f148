select
    number as record_number,
    invocation_id,
    recorded_by as closed_by,
    ledger_hash,
    record_hash,
    {{ shows_signed() }} as is_shown_as_signed,
    closed_month,
    cast(closed_month + interval 1 month as date) as next_month,
    recorded_at as closed_at
from {{ ref('int_books__records') }}
where is_in_force
