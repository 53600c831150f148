with slashed as (

    select
        source_file,
        charge_class,
        concat_ws(' ', billing_period_start, billing_period_end, charge_period_start, charge_period_end) as times,
        contains(billing_period_start, '/') as has_slashed_bill,
        {{ parse_timestamp('billing_period_start') }} as bill_start,
        {{ parse_timestamp('billing_period_end') }} as bill_end,
        {{ time_of_day_first('billing_period_start') }} as bill_start_day_first,
        {{ time_of_day_first('billing_period_end') }} as bill_end_day_first,
        {{ parse_timestamp('charge_period_start') }} as charge_start,
        {{ time_of_day_first('charge_period_start') }} as charge_start_day_first
    from {{ ref('base_focus__charges') }}
    where
        contains(billing_period_start, '/')
        or contains(billing_period_end, '/')
        or contains(charge_period_start, '/')
        or contains(charge_period_end, '/')

),

-- a bill is of whole months, and a charge lies in its bill
judged as (

    select
        source_file,
        charge_class,
        {{ matches('times', "'(^| )(1[3-9]|2\\d|3[01])/\\d'") }} as has_day_before,
        {{ matches('times', "'(^| )\\d\\d?/(1[3-9]|2\\d|3[01])/'") }} as has_day_behind,
        has_slashed_bill
        and day(bill_start) = 1
        and coalesce(1 in (day(bill_end), day(bill_end + interval 1 day)), true) as is_whole_month_first,
        has_slashed_bill
        and day(bill_start_day_first) = 1
        and coalesce(1 in (day(bill_end_day_first), day(bill_end_day_first + interval 1 day)), true)
            as is_whole_day_first,
        not has_slashed_bill
        and charge_start >= bill_start
        and charge_start < coalesce(bill_end, bill_start + interval 1 month) as is_within_month_first,
        not has_slashed_bill
        and charge_start_day_first >= bill_start
        and charge_start_day_first < coalesce(bill_end, bill_start + interval 1 month) as is_within_day_first
    from slashed

),

by_file as (

    select
        source_file,
        bool_or(
            has_day_behind
            or coalesce(is_whole_month_first, false) and not coalesce(is_whole_day_first, false)
            or coalesce(is_within_month_first, false) and not coalesce(is_within_day_first, false)
        ) as says_month_first,
        -- a correction may lie before its bill
        bool_or(
            has_day_before
            or coalesce(is_whole_day_first, false) and not coalesce(is_whole_month_first, false)
            or coalesce(is_within_day_first, false)
            and not coalesce(is_within_month_first, false)
            and lower(charge_class) is distinct from 'correction'
        ) as says_day_first
    from judged
    group by source_file

)

select source_file
from by_file
where says_day_first and not says_month_first
