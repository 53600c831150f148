{# Whether a row with a validity [valid_from, valid_to), null open, is in effect on a day. #}
{% macro in_effect(row, day) -%}
    {{ day }} >= coalesce({{ row }}.valid_from, date '0001-01-01')
    and {{ day }} < coalesce({{ row }}.valid_to, date '9999-12-31')
{%- endmacro %}

{# The eras of rows with a validity: from each day on which something is another than the day before, the beginning of time first, to the
   next such day. #}
{% macro eras(validities) %}
    select
        valid_from,
        lead(valid_from, 1, date '9999-12-31') over (order by valid_from) as valid_to
    from (
        select date '0001-01-01' as valid_from
        union
        select valid_from
        from {{ validities }}
        where valid_from is not null
        union
        select valid_to as valid_from
        from {{ validities }}
        where valid_to is not null
    ) as starts
{% endmacro %}
