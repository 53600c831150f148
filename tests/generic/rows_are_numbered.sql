{# source_row counts the rows of each file from 1 without a gap: each row was read once, and its number names it. A file of which
   a newer run takes days has gaps. A sum instead of a search for duplicates, which would hold every row in memory. #}
{% test rows_are_numbered(model) %}
    with files_in_part as (
        select source_file from {{ ref('stg_focus__files') }}
        where {{ length_of('superseded_days') }} > 0
    )

    select
        source_file,
        count(*) as row_count,
        min(source_row) as first_row,
        max(source_row) as last_row
    from {{ model }}
    where source_file not in (select source_file from files_in_part)
    group by source_file
    having
        min(source_row) != 1
        or max(source_row) != count(*)
        or sum(cast(source_row as {{ wide_integer() }})) * 2 != cast(count(*) as {{ wide_integer() }}) * (count(*) + 1)
{% endtest %}
