{#
    Money that goes into a model comes out of it, to the last decimal, in every group: what differs stops the build
    with a line that says where and by how much.

    from    the model that the money comes from
    by      columns that both have; a time is compared by its day
    amount, from_amount  the columns that are added up
#}
{% test conserves(model, from, by, amount='effective_cost', from_amount='effective_cost') %}
    {%- set groups = [] -%}
    {%- for column in by -%}
        {%- do groups.append('cast(' ~ column ~ ' as date)' if column.endswith('_start') else column) -%}
    {%- endfor -%}

    with came_in as (
        select
            {%- for group in groups %}
            {{ group }} as {{ by[loop.index0] }},
            {%- endfor %}
            sum({{ from_amount }}) as total
        from {{ from }}
        group by {% for group in groups %}{{ group }}{{ ', ' if not loop.last }}{% endfor %}
    ),

    went_out as (
        select
            {%- for group in groups %}
            {{ group }} as {{ by[loop.index0] }},
            {%- endfor %}
            sum({{ amount }}) as total
        from {{ model }}
        group by {% for group in groups %}{{ group }}{{ ', ' if not loop.last }}{% endfor %}
    )

    select {{ by | join(', ') }}
    from came_in
    full outer join went_out using ({{ by | join(', ') }})
    where
        case
            when coalesce(came_in.total, 0) != coalesce(went_out.total, 0)
                then {{ stop(
                    model.identifier ~ ' does not conserve cost: ' ~ by | join(' {}, ') ~ ' {}: {} came in from '
                    ~ from.identifier ~ ', {} went out',
                    by + ['coalesce(came_in.total, 0)', 'coalesce(went_out.total, 0)']
                ) }} is not null
            else false
        end
{% endtest %}
