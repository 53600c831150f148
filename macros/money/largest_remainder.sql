{#
    Splits an integer amount over the rows of each partition, in proportion to integer weights, so that the parts sum
    to the amount exactly: floors first, then one unit more for the rows with the largest remainders
    (docs/allocation.md explains it with an example).

    relation      a CTE with one row per receiver
    amount        its column with the whole amount, equal on every row of a partition (a wide integer, any sign)
    weight        its column with the receiver's weight (a wide integer, >= 0); a partition whose weights are all 0 gets null parts
    partition_by  columns that name what is split
    order_by      columns that break ties; with partition_by they must be a key, or two builds may differ
    part          the name of the column that is added

    Gives a SELECT with every column of the relation and the part. The sign is taken out before the division, so that
    a reversal gives the negative of each part of what it reverses.
#}
{% macro largest_remainder(relation, amount, weight, partition_by, order_by, part='part') %}
    {%- set partition = partition_by | join(', ') -%}
    select
        {{ all_but('_total_weight, _floor, _remainder, _missing, _rank') }},
        case
            when _total_weight > 0
                then ({{ sign_of(amount) }}) * (_floor + case when _rank <= _missing then 1 else 0 end)
        end as {{ part }}
    from (
        select
            *,
            abs({{ amount }}) - sum(_floor) over (partition by {{ partition }}) as _missing,
            row_number() over (
                partition by {{ partition }} order by _remainder desc, {{ order_by | join(', ') }}
            ) as _rank
        from (
            select
                *,
                {{ multiply_divide('abs(' ~ amount ~ ')', weight, '_total_weight') }} as _floor,
                ((abs({{ amount }}) % _total_weight) * {{ weight }}) % _total_weight as _remainder
            from (
                select
                    *,
                    nullif(sum({{ weight }}) over (partition by {{ partition }}), 0) as _total_weight
                from {{ relation }}
            )
        )
    )
{% endmacro %}
