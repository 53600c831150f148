-- Texts, lists and times by the macros of macros/engines, written as text. 2026-03-01 is a Sunday; 1772323200 seconds after 1970.
with groups as (

    select
        {{ texts_of_group('lines.word') }} as words,
        {{ product_of('lines.factor') }} as factors
    from (values ('b', 2), ('a', 3), ('b', null)) as lines (word, factor)

),

days as (

    select {{ each_day("date '2026-02-27'", "date '2026-03-01'") }} as date_day

),

no_days as (

    select {{ each_day("date '2026-03-01'", "date '2026-02-27'") }} as date_day

),

parts as (

    select {{ each_of(matches_in("'1K tokens'", '[0-9]+|[A-Za-z]+')) }} as part

),

cases as (

    select
        'each text once, in order' as name,
        (select words from groups) as found,
        'a, b' as expected
    union all
    select
        'a product' as name,
        (select cast(cast(factors as bigint) as string) from groups) as found,
        '6' as expected
    union all
    select
        'days to the last' as name,
        (select count(*) || ' to ' || max(date_day) from days) as found,
        '3 to 2026-03-01' as expected
    union all
    select
        'no day before the first' as name,
        (select cast(count(*) as string) from no_days) as found,
        '0' as expected
    union all
    select
        'all matches' as name,
        (select count(*) || ' from ' || min(part) from parts) as found,
        '3 from 1' as expected
    union all
    select
        'Sunday' as name,
        cast({{ weekday_of("date '2026-03-01'") }} as string) as found,
        '7' as expected
    union all
    select
        'microseconds' as name,
        cast({{ microseconds("timestamp '2026-03-01 00:00:00.000001'") }} as string) as found,
        '1772323200000001' as expected
    union all
    select
        'and back' as name,
        cast({{ time_of('1772323200000000') }} as string) as found,
        '2026-03-01 00:00:00' as expected
    union all
    select
        'a part matches' as name,
        cast({{ matches("'gpu-hour'", "'hour|hrs'") }} as string) as found,
        'true' as expected
    union all
    select
        'every match' as name,
        {{ replace_every("'ResourceId_2'", '[^a-zA-Z]', '') }} as found,
        'ResourceId' as expected
    union all
    select
        'a key of any letters' as name,
        {{ text_in_json("'{\"a/b~c\": \"x\"}'", "'a/b~c'") }} as found,
        'x' as expected
    union all
    select
        'no such key' as name,
        {{ text_in_json("'{\"a\": \"x\"}'", "'b'") }} as found,
        null as expected
    union all
    select
        'a number in JSON' as name,
        {{ text_in_json("'{\"GpuCount\": 8}'", "'GpuCount'") }} as found,
        '8' as expected
    union all
    select
        'no JSON' as name,
        {{ text_in_json('cast(null as string)', "'b'") }} as found,
        null as expected
)

select *
from cases
where found is distinct from expected
