{#
    The columns that a seed's rules look at: attributes of a charge, or columns beyond FOCUS's that some bill has. Anything else
    would match nothing for ever, and nobody would see it. Where there are no bills yet, nothing can be said. A seed without a
    column tag_key cannot look into tags.
#}
{% test column_of_bills(model, row_name, has_tag_key=false) %}
    {%- set known = charge_attributes() | reject('in', ['other_columns'] if has_tag_key else ['other_columns'] + keyed_attributes()) %}
    with named as (
        select
            {{ row_name }} as row_name,
            column_name,
            {{ rule_column('rules') }} as normal_name
        from {{ model }} as rules
        where {{ rule_column('rules') }} not in (
            '{{ known | map("replace", "_", "") | join("', '") }}'
        )
    ),

    files as (
        select column_names from {{ ref('base_focus__files') }}
    ),

    unknown as (
        select
            named.row_name,
            named.column_name,
            bool_or(array_contains(files.column_names, named.normal_name)) as is_of_focus
        from named
        cross join files
        group by named.row_name, named.column_name, named.normal_name
        having
            not bool_or(array_contains(files.column_names, named.normal_name))
            or named.normal_name in (select lower(column_name) from {{ ref('focus_columns') }})
    ),

    messages as (
        select
            {% set lines -%}
                'seeds/config/{{ model.identifier }}.csv, row ' || row_name || ': '
                || case
                    when is_of_focus then column_name || ' is an amount, a time or a list of keys: no rule of this seed can look at it'
                    else column_name || ' is no column of FOCUS, and no bill has it'
                end
                || '; correct the name'
            {%- endset %}
            {{ texts_of_group(lines, '\n') }} as message
        from unknown
    )

    select message
    from messages
    where case when message is not null then {{ raise('message') }} is not null else false end
{% endtest %}
