-- amounts and times as exports write them, by the macros of macros/focus. 1.2E-7 has 8 decimals; 2024-09-01 in Los Angeles begins at
-- 07:00 UTC; hour 25 of a day is hour 1 of the next.
with amounts as (

    select
        amounts.given,
        amounts.expected,
        {{ parse_decimal('amounts.given') }} as found
    from (
        values
        ('$1,234.50', '1234.500000000000000000'),
        ('-1,234', '-1234.000000000000000000'),
        ('-€5', '-5.000000000000000000'),
        ('1.2E-7', '0.000000120000000000'),
        ('1e3', '1000.000000000000000000'),
        ('.5', '0.500000000000000000'),
        ('0.0000000000000000005', '0.000000000000000001'),
        ('1_234', null),
        ('1,23', null),
        ('123456789012345678901', null),
        ('5 USD', null),
        ('NaN', null),
        ('٣', null)
    ) as amounts (given, expected)

),

times as (

    select
        times.given,
        times.expected,
        {{ parse_timestamp('times.given') }} as found
    from (
        values
        ('2024-09-01', '2024-09-01 00:00:00'),
        ('2024-09-01T02:03:04Z', '2024-09-01 02:03:04'),
        ('2024-09-01 02:03:04.123456789', '2024-09-01 02:03:04.123456'),
        ('2024-09-01T02:03Z', '2024-09-01 02:03:00'),
        ('2024-09-01T02:03', '2024-09-01 02:03:00'),
        ('2024-09-01T02:03+0100', '2024-09-01 01:03:00'),
        ('2024-09-01 02:03:04 +01:30', '2024-09-01 00:33:04'),
        ('2024-09-01 02:03:04 -0130', '2024-09-01 03:33:04'),
        ('2024-09-01T02:03:04+01', '2024-09-01 01:03:04'),
        ('2024-09-01 02:03:04 UTC', '2024-09-01 02:03:04'),
        ('2024-09-01  02:03:04', '2024-09-01 02:03:04'),
        ('9/1/24  02:03:04  AM', '2024-09-01 02:03:04'),
        ('2024-09-01T02:03:04 Z', null),
        ('2024-09-01T24:00:00Z', '2024-09-02 00:00:00'),
        ('2024-09-30T25:30:10', '2024-10-01 01:30:10'),
        ('9/1/24', '2024-09-01 00:00:00'),
        ('09/01/2024', '2024-09-01 00:00:00'),
        ('9/1/69', '1969-09-01 00:00:00'),
        ('9/1/24 2:03', '2024-09-01 02:03:00'),
        ('9/1/2024 14:03:04', '2024-09-01 14:03:04'),
        ('9/1/2024 12:03:04 AM', '2024-09-01 00:03:04'),
        ('9/1/2024 12:03:04 PM', '2024-09-01 12:03:04'),
        ('9/1/2024 2:03:04 pm', '2024-09-01 14:03:04'),
        ('9/1/2024 14:03:04 PM', null),
        ('13/1/2024', null),
        ('9/31/2024', null),
        ('2024-09-31', null),
        ('2024-09-01T', null),
        ('2024-09-01Z', null),
        ('2024-09-01T00:00:00+1', null),
        ('2024-09-01 10', null),
        ('20240901', null),
        ('yesterday', null)
    ) as times (given, expected)

),

digits as (

    select
        digits.given,
        digits.expected,
        {{ beyond_eighteen_decimals('digits.given') }} as found
    from (
        values
        ('0.1234567890123456789', 'true'),
        ('0.1234567890123456780', 'false'),
        ('123456789012345678.5', 'false'),
        ('123456789012345678.1234567890123456781', 'true'),
        ('1.5e-19', 'true'),
        ('1.5e-3', 'false'),
        ('5', null)
    ) as digits (given, expected)

),

cases as (

    select
        given as name,
        cast(found as string) as found,
        expected
    from amounts
    union all
    select
        given as name,
        cast(found as string) as found,
        expected
    from times
    union all
    select
        given as name,
        cast(found as string) as found,
        expected
    from digits
    union all
    select
        'a blank of Unicode' as name,
        {{ present_text("'{}a b '".format('\u00a0')) }} as found,
        'a b' as expected
    union all
    select
        'a word for nothing' as name,
        {{ present_text("' NULL '") }} as found,
        null as expected
    union all
    select
        'a month of Los Angeles' as name,
        cast({{ is_local_month("timestamp '2024-09-01 07:00:00'", 'America/Los_Angeles') }} as string) as found,
        'true' as expected
    union all
    select
        'a month of UTC' as name,
        cast({{ is_local_month("timestamp '2024-09-01 00:00:00'", 'Asia/Shanghai') }} as string) as found,
        'false' as expected
    union all
    select
        'a word as FOCUS writes it' as name,
        {{ focus_spelling("'usage-BASED'", ['One-Time', 'Usage-Based']) }} as found,
        'Usage-Based' as expected
    union all
    select
        'another word' as name,
        {{ focus_spelling("'usage_based'", ['One-Time', 'Usage-Based']) }} as found,
        'usage_based' as expected

)

select *
from cases
where found is distinct from expected
