with cost_lines as (

    select date_day, treatment, target
    from {{ ref('int_costs__cost_lines_daily') }}

),

pool_seconds as (

    select date_day, pool_id, resource_kind, deployment_id, resource_seconds
    from {{ ref('int_allocation__pool_seconds_daily') }}

),

prices as (

    select pool_id, resource_kind, cast(price_per_hour * 1000000 as {{ wide_integer() }}) as price, valid_from, valid_to
    from {{ ref('pool_resource_prices') }}

),

-- days with cost but no known capacity are kept: their cost must have somewhere to go.
pool_days as (

    select date_day, pool_id
    from pool_seconds
    union
    select date_day, target as pool_id
    from cost_lines
    where treatment = 'pool'

),

totals as (

    select
        date_day,
        pool_id,
        resource_kind,
        coalesce(sum(resource_seconds) filter (where deployment_id = '(capacity)'), 0) as capacity_seconds,
        coalesce(sum(resource_seconds) filter (where deployment_id = '(unobserved)'), 0) as unobserved_seconds,
        coalesce(sum(resource_seconds) filter (where deployment_id not in ('(capacity)', '(unobserved)')), 0)
            as used_seconds
    from pool_seconds
    group by date_day, pool_id, resource_kind

),

-- accelerators always count; another resource where its capacity is known and somebody is known to hold some of it
balances as (

    select
        pool_days.date_day,
        pool_days.pool_id,
        'accelerator' as resource_kind,
        coalesce(totals.capacity_seconds, 0) as capacity_seconds,
        coalesce(totals.unobserved_seconds, 0) as unobserved_seconds,
        coalesce(totals.used_seconds, 0) as used_seconds
    from pool_days
    left join totals
        on
            pool_days.date_day = totals.date_day
            and pool_days.pool_id = totals.pool_id
            and totals.resource_kind = 'accelerator'
    union all
    select date_day, pool_id, resource_kind, capacity_seconds, unobserved_seconds, used_seconds
    from totals
    where resource_kind != 'accelerator' and capacity_seconds > 0 and used_seconds > 0

),

valued as (

    select
        balances.*,
        balances.capacity_seconds * coalesce(own.price, general.price, 0) as capacity_value
    from balances
    left join prices as own
        on
            balances.pool_id = own.pool_id
            and balances.resource_kind = own.resource_kind
            and {{ in_effect('own', 'balances.date_day') }}
    left join prices as general
        on
            general.pool_id is null
            and balances.resource_kind = general.resource_kind
            and {{ in_effect('general', 'balances.date_day') }}

),

weighted as (

    select
        *,
        case
            when resource_kind = 'accelerator' and sum(capacity_value) over (partition by date_day, pool_id) = 0
                then 1
            else capacity_value
        end as resource_weight
    from valued

),

receivers as (

    select date_day, pool_id, resource_kind, deployment_id, resource_seconds
    from pool_seconds
    where deployment_id not in ('(capacity)', '(unobserved)')
    union all
    select
        date_day,
        pool_id,
        resource_kind,
        '(idle)' as deployment_id,
        capacity_seconds - used_seconds - unobserved_seconds as resource_seconds
    from weighted
    union all
    select date_day, pool_id, resource_kind, '(unobserved)' as deployment_id, unobserved_seconds as resource_seconds
    from weighted

)

select
    receivers.date_day,
    receivers.pool_id,
    receivers.resource_kind,
    receivers.deployment_id,
    case
        when weighted.used_seconds > weighted.capacity_seconds then 'use_above_capacity'
        when weighted.used_seconds > 0 then null
        when weighted.capacity_seconds = 0 then 'no_capacity'
        when receivers.deployment_id = '(unobserved)' or weighted.unobserved_seconds = weighted.capacity_seconds
            then 'not_watched'
        else 'no_use'
    end as allocation_note,
    cast(receivers.resource_seconds as bigint) as resource_seconds,
    cast(weighted.capacity_seconds as bigint) as pool_capacity_seconds,
    cast(weighted.unobserved_seconds as bigint) as pool_unobserved_seconds,
    cast(weighted.used_seconds as bigint) as pool_used_seconds,
    cast(weighted.resource_weight as {{ wide_integer() }}) as resource_weight,
    cast(
        case
            when weighted.used_seconds = 0
                and weighted.capacity_seconds = 0
                and receivers.deployment_id = '(unobserved)'
                then 1
            else greatest(receivers.resource_seconds, 0)
        end as {{ wide_integer() }}
    ) as weight
from receivers
inner join weighted
    on
        receivers.date_day = weighted.date_day
        and receivers.pool_id = weighted.pool_id
        and receivers.resource_kind = weighted.resource_kind
where weighted.resource_kind = 'accelerator' or weighted.resource_weight > 0
