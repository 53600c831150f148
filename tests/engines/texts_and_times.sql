-- Texts, lists and times by the macros of macros/engines, written as text. 2026-03-01 is a Sunday; 1772323200 seconds after 1970.
with groups as (

    select
        {{ texts_of_group('lines.word') }} as words,
        {{ texts_of_group('case when lines.factor > 2 then lines.word end', '; ') }} as chosen_words,
        {{ product_of('lines.factor') }} as factors,
        {{ value_at('min', 'lines.factor', 'lines.word') }} as factor_of_first,
        {{ fingerprint_of_group('lines.word') }}
        = {{ fingerprint_of_group("case lines.word when 'a' then 'a' end") }} as is_pair_nothing
    from (values ('b', 2), ('a', 3), ('b', null)) as lines (word, factor)

),

days as (

    select {{ each_day("date '2026-02-27'", "date '2026-03-01'") }} as date_day

),

no_days as (

    select {{ each_day("date '2026-03-01'", "date '2026-02-27'") }} as date_day

),

parts as (

    select {{ each_of("regexp_extract_all('1K tokens', '[0-9]+|[A-Za-z]+', 0)") }} as part

),

cases as (

    select
        'each text once, in order' as name,
        (select words from groups) as found,
        'a, b' as expected
    union all
    select
        'some texts' as name,
        (select chosen_words from groups) as found,
        'a' as expected
    union all
    select
        'a text that is there twice leaves no trace in a fingerprint' as name,
        (select cast(is_pair_nothing as string) from groups) as found,
        'true' as expected
    union all
    select
        'the first by another column' as name,
        (select cast(cast(factor_of_first as bigint) as string) from groups) as found,
        '3' as expected
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
        'a part is not all' as name,
        cast({{ matches_all("'gpu-hour'", "'hour|gpu-hour'") }} as string)
        || ' ' || cast({{ matches_all("'gpu-hours'", "'hour|gpu-hour'") }} as string) as found,
        'true false' as expected
    union all
    select
        'a beginning and an end' as name,
        cast({{ begins_with("'pod_phase'", "'pod_'") }} as string)
        || ' ' || cast({{ ends_in("'pod_phase'", "'_'") }} as string) as found,
        'true false' as expected
    union all
    select
        'words for a day' as name,
        {{ date_text("date '2026-03-01'", '%A %d %B %Y') }} as found,
        'Sunday 01 March 2026' as expected
    union all
    select
        'days between' as name,
        cast({{ days_between("date '2026-02-27'", "date '2026-03-01'") }} as string) as found,
        '2' as expected
    union all
    select
        'milliseconds' as name,
        cast({{ milliseconds("timestamp '2026-03-01 00:00:00.001'") }} as string) as found,
        '1772323200001' as expected
    union all
    select
        'thousands and decimals' as name,
        {{ number_text("cast('1234567.891' as decimal(38, 18))", '2') }}
        || ' ' || {{ number_text('-0.5', '0 + 1') }} as found,
        '1,234,567.89 -0.5' as expected
    union all
    select
        'a stable number' as name,
        cast({{ stable_id("'a'") }} as string) as found,
        '3500206983725506968' as expected
    union all
    select
        'quotes and backslashes' as name,
        {{ sql_text("it's 1\\'2\\\\") }} || {{ sql_text('a\\d') }} || {{ sql_text('\\') }}
        || {{ sql_text("'it's'") }} as found,
        'it' || chr(39) || 's 1' || chr(92) || chr(39) || '2' || chr(92) || chr(92) || 'a\d' || chr(92)
        || chr(39) || 'it' || chr(39) || 's' || chr(39) as expected
    union all
    select
        'the number of a key' as name,
        {{ text_of_key(key_of_text("'a'")) }} as found,
        '129134844867590561315626153795017621772' as expected
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
