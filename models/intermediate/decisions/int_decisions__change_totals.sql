with changes as (

    select * from {{ ref('int_decisions__changes') }}

),

looks as (

    select
        change_id,
        max(looked_until) as looked_until
    from {{ ref('int_decisions__change_effects') }}
    group by change_id

),

change_days as (

    select
        change_days.change_id,
        change_days.date_day,
        change_days.units,
        change_days.repriced_cost,
        change_days.date_day < changes.changed_on as is_before
    from {{ ref('int_decisions__change_days') }} as change_days
    inner join changes on change_days.change_id = changes.change_id
    inner join looks on change_days.change_id = looks.change_id and change_days.date_day < looks.looked_until
    where change_days.is_complete and not change_days.is_control

)

select
    change_id,
    cast(sum(units) filter (where is_before) as bigint) as units_before,
    cast(sum(units) filter (where not is_before) as bigint) as units_after,
    cast(sum(repriced_cost) filter (where is_before) as {{ money_type() }}) as repriced_cost_before,
    cast(sum(repriced_cost) filter (where not is_before) as {{ money_type() }}) as repriced_cost_after,
    count(distinct date_day) filter (where not is_before) as settled_days_after
from change_days
group by change_id
