-- Money by the macros of macros/money. 10 over 3 tokens is 3.333333333333333333 each and a half unit rounds away from 0:
-- 0.000000000000000001 / 2 is 0.000000000000000001. 100 EUR at 1.0837 is 108.37.
with cases as (

    select
        'ten by three' as name,
        {{ cost_per_unit("cast('10' as decimal(38, 18))", '3', '1') }} as found,
        '3.333333333333333333' as expected
    union all
    select
        'half a unit' as name,
        {{ cost_per_unit("cast('0.000000000000000001' as decimal(38, 18))", '2', '1') }} as found,
        '0.000000000000000001' as expected
    union all
    select
        'half a unit below 0' as name,
        {{ cost_per_unit("cast('-0.000000000000000001' as decimal(38, 18))", '2', '1') }} as found,
        '-0.000000000000000001' as expected
    union all
    select
        'a million tokens' as name,
        {{ cost_per_unit("cast('12.5' as decimal(38, 18))", '4000000', '1000000') }} as found,
        '3.125000000000000000' as expected
    union all
    select
        'no units' as name,
        {{ cost_per_unit("cast('12.5' as decimal(38, 18))", '0', '1') }} as found,
        null as expected
    union all
    select
        'a rate' as name,
        {{ convert_money("cast('100' as decimal(38, 18))", "cast('1.0837' as decimal(24, 12))") }} as found,
        '108.370000000000000000' as expected
    union all
    select
        'a statistic as it is written' as name,
        {{ money_of_double('cast(0.25 as double)') }} as found,
        '0.250000000000000000' as expected
    union all
    select
        'below 0, of many digits' as name,
        {{ money_of_double('-cast(1024.5 as double)') }} as found,
        '-1024.500000000000000000' as expected
    union all
    select
        'eighteen decimals are added' as name,
        cast('1.000000000000000001' as decimal(38, 18)) + cast('2.000000000000000002' as decimal(38, 18)) as found,
        '3.000000000000000003' as expected
)

select *
from cases
where cast(found as string) is distinct from expected
