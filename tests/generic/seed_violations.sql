{#
    Stops the build with a line for each violation: the seed, its first offending row, the reason, the way out.
    Each of `violations` says:

    violation  a condition over the seed's columns that is true for a bad row
    row_name   an expression that names the row
    reason     what is wrong and what to do
#}
{% test seed_violations(model, violations) %}
    with violations as (
        {%- for one in violations %}
        select
            {{ loop.index }} as violation_number,
            first({{ seed_row_message(model, one.row_name, one.reason) }}) as message
        from {{ model }}
        where {{ one.violation }}
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ),

    messages as (
        select
            nullif({{ joined_texts(
                list_in_order('message', 'violation_number', condition='message is not null'), 'chr(10)'
            ) }}, '') as message
        from violations
    )

    select message
    from messages
    where case when message is not null then {{ raise('message') }} is not null else false end
{% endtest %}

{# A row whose column names nothing in another seed: a typo, or a row that was forgotten there. #}
{% test seed_reference(model, column, to, field, row_name) %}
    select {{ row_name }} as row_name
    from {{ model }}
    where {{ stop_for_seed_row(
        model,
        column ~ ' is not null and ' ~ column ~ ' not in (select ' ~ field ~ ' from ' ~ to ~ ')',
        row_name,
        column ~ ' is not in seeds/' ~ ('reference' if 'reference' in (to.schema | string) else 'config') ~ '/' ~ to.identifier ~ '.csv; add it there or correct the name'
    ) }}
{% endtest %}

{# Two rows of one key whose periods [valid_from, valid_to) share a day, or a period that ends before it starts. #}
{% test seed_overlap(model, key, row_name) %}
    {%- set names = key | join(', ') -%}
    with periods as (
        select
            *,
            lead(coalesce(valid_from, date '0001-01-01')) over (
                partition by {{ names }} order by valid_from nulls first, valid_to nulls last
            ) as next_valid_from
        from {{ model }}
    )
    select {{ row_name }} as row_name
    from periods
    where
        {{ stop_for_seed_row(
            model, 'valid_to <= valid_from', row_name, 'valid_to is not after valid_from; the end is exclusive'
        ) }}
        or {{ stop_for_seed_row(
            model,
            'next_valid_from < coalesce(valid_to, date \'9999-12-31\')',
            row_name,
            'its period overlaps that of the next row with the same ' ~ names ~ '; end it with valid_to'
        ) }}
{% endtest %}
