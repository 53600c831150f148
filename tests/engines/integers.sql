-- Macros of macros/engines/integers.sql; the expected texts are worked out by hand. 12345678901234567890123456789 // 7 is
-- 1763668414462081127160493827 with 0 left, and 10^37 // 3 is 37 times the digit 3.
with cases as (

    select
        'below 64 bits' as name,
        {{ quotient('17', '5') }} as found,
        '3' as expected
    union all
    select
        'towards 0' as name,
        {{ quotient('-17', '5') }} as found,
        '-3' as expected
    union all
    select
        'twenty-nine digits' as name,
        {{ quotient("cast('12345678901234567890123456789' as " ~ wide_integer() ~ ")", '7') }} as found,
        '1763668414462081127160493827' as expected
    union all
    select
        'thirty-eight digits by one digit' as name,
        {{ quotient("cast('10000000000000000000000000000000000000' as " ~ wide_integer() ~ ")", '3') }} as found,
        '3333333333333333333333333333333333333' as expected
    union all
    select
        'two of twenty-five digits' as name,
        {{ quotient(
            "cast('9999999999999999999999999' as " ~ wide_integer() ~ ")",
            "cast('3333333333333333333333334' as " ~ wide_integer() ~ ")"
        ) }} as found,
        '2' as expected
    union all
    select
        'nothing' as name,
        {{ quotient('cast(null as ' ~ wide_integer() ~ ')', '7') }} as found,
        null as expected
    union all
    select
        'money to units' as name,
        {{ money_to_units("cast('-123.000000000000000045' as decimal(38, 18))") }} as found,
        '-123000000000000000045' as expected
    union all
    select
        'large money to units' as name,
        {{ money_to_units("cast('98765432109876543.210987654321098765' as decimal(38, 18))") }} as found,
        '98765432109876543210987654321098765' as expected
)

select *
from cases
where cast(found as string) is distinct from expected
