with own_costs as (

    select date_day, deployment_id, effective_cost, is_bill_there and is_watched and is_billed as is_known
    from {{ ref('int_allocation__own_costs_daily') }}

),

metered_usage as (

    select date_day, deployment_id, unit, units
    from {{ ref('int_usage__metered_usage_daily') }}
    where deployment_id not like '(%'

),

usage_coverage as (

    select date_day, deployment_id, is_known
    from {{ ref('int_usage__usage_coverage_daily') }}
    where deployment_id not like '(%'

),

unknown_units as (

    select date_day, deployment_id, unit
    from {{ ref('int_usage__unknown_units_daily') }}
    where unit in ('token', 'request')

),

accelerator_seconds as (

    select date_day, deployment_id, sum(accelerator_seconds) as accelerator_seconds
    from {{ ref('int_usage__accelerator_seconds_daily') }}
    where deployment_id not like '(%'
    group by date_day, deployment_id

),

capacity_coverage as (

    select date_day, deployment_id, is_watched
    from {{ ref('int_allocation__capacity_coverage_daily') }}
    where deployment_id not like '(%'

),

-- a deployment that was never counted and has no cost of its own is taken to have been used by nobody
counted_deployments as (

    select distinct deployment_id from metered_usage

),

owned_days as (

    select date_day, deployment_id
    from own_costs
    where effective_cost != 0

),

usage_days as (

    select
        usage_coverage.date_day,
        usage_coverage.deployment_id,
        usage_coverage.is_known
        or (counted_deployments.deployment_id is null and owned_days.deployment_id is null) as is_known
    from usage_coverage
    left join counted_deployments on usage_coverage.deployment_id = counted_deployments.deployment_id
    left join owned_days
        on
            usage_coverage.date_day = owned_days.date_day
            and usage_coverage.deployment_id = owned_days.deployment_id

),

-- whole numbers only: money in millionths, time in seconds.
quantities as (

    select
        date_day,
        'direct_cost' as driver,
        deployment_id,
        cast({{ whole_part('effective_cost * 1000000') }} as {{ wide_integer() }}) as quantity,
        is_known
    from own_costs
    {%- for driver, unit, counted in [
        ('tokens', 'token', "'input_token', 'cached_input_token', 'prompt_token', 'output_token'"),
        ('requests', 'request', "'request'"),
    ] %}
    union all
    select
        usage_days.date_day,
        '{{ driver }}' as driver,
        usage_days.deployment_id,
        cast(coalesce(sum(metered_usage.units), 0) as {{ wide_integer() }}) as quantity,
        bool_or(usage_days.is_known) and count(unknown_units.unit) = 0 as is_known
    from usage_days
    left join metered_usage
        on
            usage_days.date_day = metered_usage.date_day
            and usage_days.deployment_id = metered_usage.deployment_id
            and metered_usage.unit in ({{ counted }})
    left join unknown_units
        on
            usage_days.date_day = unknown_units.date_day
            and usage_days.deployment_id = unknown_units.deployment_id
            and unknown_units.unit = '{{ unit }}'
    group by usage_days.date_day, usage_days.deployment_id
    {%- endfor %}
    union all
    select
        coalesce(accelerator_seconds.date_day, capacity_coverage.date_day) as date_day,
        'accelerator_hours' as driver,
        coalesce(accelerator_seconds.deployment_id, capacity_coverage.deployment_id) as deployment_id,
        cast(coalesce(accelerator_seconds.accelerator_seconds, 0) as {{ wide_integer() }}) as quantity,
        coalesce(capacity_coverage.is_watched, true) as is_known
    from accelerator_seconds
    full outer join capacity_coverage
        on
            accelerator_seconds.date_day = capacity_coverage.date_day
            and accelerator_seconds.deployment_id = capacity_coverage.deployment_id

),

carried as (

    select
        *,
        {{ known_value('last', 'case when is_known and quantity > 0 then quantity end') }} over (
            partition by driver, deployment_id order by date_day rows between unbounded preceding and current row
        ) as last_known_quantity
    from quantities

)

select
    date_day,
    driver,
    deployment_id,
    case when is_known then quantity else coalesce(last_known_quantity, quantity) end as quantity,
    is_known,
    not is_known and last_known_quantity is not null as is_carried_forward
from carried
