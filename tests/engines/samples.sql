-- What the counting of samples asks of an engine: runs that lie sorted, labels of JSON, maps as keys, counts of text.
{% set run = as_sorted('series', 'place') %}
with samples as (

    select
        lines.series,
        lines.place,
        lines.reading
    from (values ('b', 2, 7), ('a', 1, 3), ('b', 1, 5), ('a', 2, null)) as lines (series, place, reading)

),

placed as {{ kept_once() }} (

    select * from samples
    {{ stored_in_order('series, place') }}

),

followed as (

    select
        series,
        place,
        reading,
        lag(series) over {{ run }} as previous_series,
        lag(reading) over {{ run }} as previous_reading
    from placed

),

labels as (

    select
        {{ labels_from_json("'{\"pod\": \"b\", \"gpu\": 0}'") }} as labels,
        {{ map_of({'pod': "'b'", 'gpu': "'0'"}) }} as same,
        {{ map_of({'pod': "'b'", 'gpu': "'1'"}) }} as other

),

texts as (

    select
        lines.name,
        lines.text
    from (
        values ('half', '{"pod": "b"'),
        ('twice', '{"pod": "a", "pod": "b"}'),
        ('more', '{"pod": "b"} x'),
        ('bracket', '{"pod": "b"} }'),
        ('list', '["pod"]')
    ) as lines (name, text)

),

counts as (

    select
        lines.place,
        lines.text
    from (values (1, ' 12 '), (2, '12.0'), (3, '1.5'), (4, '-1'), (5, '0x1F'), (6, '99999999999999999999'))
            as lines (place, text)

),

cases as (

    select
        'the row before, within a run' as name,
        (
            select
                {{ texts_of_group('series || cast(place as string) || cast(previous_reading as string)') }}
            from followed
            where previous_series = series
        ) as found,
        'a23, b25' as expected
    union all
    select
        'the first rows of runs' as name,
        (
            select {{ texts_of_group('series || cast(place as string)') }}
            from followed
            where coalesce(previous_series != series, true)
        ) as found,
        'a1, b1' as expected
    union all
    select
        'the value of the last row, null or not' as name,
        (
            select coalesce(cast({{ value_at('max', 'reading', 'place') }} as string), '-')
            from samples
            where series = 'a'
        ) as found,
        '-' as expected
    union all
    select
        'labels of JSON' as name,
        (select {{ labels_text('labels') }} from labels) as found,
        'gpu=0' || chr(10) || 'pod=b' as expected
    union all
    select
        'labels that are no object, or say a thing twice' as name,
        (
            select {{ texts_of_group('name') }} from texts
            where {{ labels_from_json('text') }} is not null
        ) as found,
        null as expected
    union all
    select
        'requests that failed, by what their status says' as name,
        (
            select {{ texts_of_group('statuses.status') }}
            from (
                values
                ('200'), ('201.0'), ('ok'), ('stop'), ('length'), ('content_filter'), ('302'), ('1500 tokens'), ('404'),
                ('500.0'), ('http_503'), ('server error'), ('499 closed'), ('deadline_exceeded'), ('time out'),
                ('aborted'), (null)
            ) as statuses (status)
            where {{ is_failed('statuses.status') }}
        ) as found,
        '404, 499 closed, 500.0, aborted, deadline_exceeded, http_503, server error, time out' as expected
    union all
    select
        'maps as keys' as name,
        (
            select
                cast({{ comparable_map('same') }} is not distinct from {{ comparable_map('same') }} as string)
                || ' '
                || cast({{ comparable_map('same') }} is not distinct from {{ comparable_map('other') }} as string)
            from labels
        ) as found,
        'true false' as expected
    union all
    select
        'counts of text' as name,
        (
            select {{ texts_of_group("cast(place as string) || '=' || cast(" ~ token_count('text') ~ " as string)") }}
            from counts
        ) as found,
        '1=12, 2=12' as expected
    union all
    select
        'counts of text that may have an exponent' as name,
        (
            select
                {{ texts_of_group('cast(' ~ whole_count("text || 'e1'") ~ ' as string)') }}
            from counts
            where place in (2, 3, 4)
        ) as found,
        '120, 15' as expected
    union all
    select
        'thousandths' as name,
        cast(
            {{ to_thousandths('cast(1.2346 as double)') }}
            + {{ to_thousandths('cast(9007199254740992 as double)') }} as string
        ) as found,
        '9007199254740993235' as expected
)

select *
from cases
where found is distinct from expected
