-- Lists, structs and maps by the macros of macros/engines, written as text.
with labels as (

    select
        {{ map_of({'pod': "'a'", 'exported_pod': "'b'"}) }} as labels,
        {{ map_of_lists(["'pod'"], ["'c'"]) }} as other,
        {{ list_of(['3', '1', '2']) }} as numbers

),

structs as (

    select array_sort(array_agg({{ struct_of({'word': 'lines.word', 'number': 'lines.number'}) }})) as pairs
    from (values ('b', 1), ('a', 2)) as lines (word, number)

),

pairs as (

    select {{ each_of('pairs') }} as pair
    from structs

),

known as (

    select {{ list_of_known("case when 1 = 2 then 'no' end, 'yes'") }} as words

),

sums as (

    select {{ sum_in_order('parts.part', 'parts.place') }} as total
    from (values (3, cast(-1e16 as double)), (1, cast(1e16 as double)), (2, cast(1 as double))) as parts (place, part)

),

windows as (

    select
        parts.place,
        {{ known_value('first', 'parts.part') }} over (
            order by parts.place rows between current row and unbounded following
        ) as next_part,
        {{ number_of_row('parts.place') }} as number
    from (values (1, cast(null as string)), (2, 'b')) as parts (place, part)

),

cases as (

    select
        'in the order of another column' as name,
        (
            select {{ joined_texts(list_in_order('lines.word', 'lines.number', condition='lines.number < 3'), "','") }}
            from (values ('b', 1), ('c', 3), ('a', 2)) as lines (word, number)
        ) as found,
        'b,a' as expected
    union all
    select
        'a list made anew' as name,
        (
            select
                {{ joined_texts(list_of_each('array_sort(numbers)', 'number', 'cast(10 * number as string)'), "','") }}
            from labels
        ) as found,
        '10,20,30' as expected
    union all
    select
        'those that meet a condition' as name,
        (select cast({{ length_of(list_where('numbers', 'number', 'number > 1')) }} as string) from labels) as found,
        '2' as expected
    union all
    select
        'the first, and none' as name,
        (
            select
                cast({{ element_of('numbers', 1) }} as string)
                || coalesce(cast({{ element_of('numbers', 4) }} as string), '-')
            from labels
        ) as found,
        '3-' as expected
    union all
    select
        'a sum, and of nothing' as name,
        (
            select
                cast({{ sum_of_list('numbers', 'number', '2 * number') }} as string)
                || coalesce(cast({{ sum_of_list(
                    list_where('numbers', 'number', 'number > 9'), 'number', 'number'
                ) }} as string), '-')
            from labels
        ) as found,
        '12-' as expected
    union all
    select
        'all elements' as name,
        (
            select
                cast({{ has_all('numbers', list_of(['1', '2'])) }} as string)
                || ' ' || cast({{ has_all('numbers', list_of(['1', '4'])) }} as string)
            from labels
        ) as found,
        'true false' as expected
    union all
    select
        'equal rows, but for one column' as name,
        (
            select cast(count(distinct content) as string)
            from (select {{ text_of_row('place') }} as content from windows) as contents
        ) as found,
        '2' as expected
    union all
    select
        'structs in an order' as name,
        (select {{ texts_of_group("pair.word || cast(pair.number as string)") }} from pairs) as found,
        'a2, b1' as expected
    union all
    select
        'those that are known' as name,
        (select {{ joined_texts('words', "' '") }} from known) as found,
        'yes' as expected
    union all
    select
        'the second map goes before the first' as name,
        (
            select as_one['pod'] || as_one['exported_pod']
            from (select {{ maps_as_one('labels', 'other') }} as as_one from labels) as maps
        ) as found,
        'cb' as expected
    union all
    select
        'a list without elements' as name,
        (
            select cast({{ length_of('coalesce(case when 1 = 2 then words end, ' ~ list_of([]) ~ ')') }} as string)
            from known
        ) as found,
        '0' as expected
    union all
    select
        'ten quadrillion and one, less ten quadrillion' as name,
        (select cast(cast(total as integer) as string) from sums) as found,
        '0' as expected
    union all
    select
        'the next that is known' as name,
        (
            select next_part || cast(number as string)
            from windows
            where place = 1
        ) as found,
        'b1' as expected
)

select *
from cases
where found is distinct from expected
