with meter_lines as (

    select date_day, deployment_id, unit, effective_cost
    from {{ ref('int_costs__meter_lines_daily') }}

),

unnamed_charges as (

    select date_day, deployment_id, sum(effective_cost) as effective_cost
    from {{ ref('int_costs__unnamed_token_charges_daily') }}
    group by date_day, deployment_id

),

metered_usage as (

    select date_day, deployment_id, unit, units
    from {{ ref('int_usage__metered_usage_daily') }}
    where unit in ('input_token', 'cached_input_token', 'output_token') and units > 0

),

sku_meters as (

    select deployment_id, unit, valid_from, valid_to
    from {{ ref('sku_meters') }}
    where deployment_id is not null

),

-- writing a prompt into the cache is part of reading it. A charge of 0 is a price of 0.
billed_kinds as (

    select
        date_day,
        deployment_id,
        case unit when 'cache_write_token' then 'input_token' else unit end as unit,
        sum({{ money_to_units('effective_cost') }}) as cost_units
    from meter_lines
    group by date_day, deployment_id, case unit when 'cache_write_token' then 'input_token' else unit end

),

days as (

    select date_day, deployment_id
    from billed_kinds
    union
    select date_day, deployment_id
    from unnamed_charges

),

-- the kinds that are billed apart on a day: those of a row of sku_meters, and those that were billed on any day.
meant_kinds as (

    select
        days.date_day,
        days.deployment_id,
        case sku_meters.unit when 'cache_write_token' then 'input_token' else sku_meters.unit end as unit
    from days
    inner join sku_meters
        on days.deployment_id = sku_meters.deployment_id and {{ in_effect('sku_meters', 'days.date_day') }}
    union
    select days.date_day, days.deployment_id, billed_kinds.unit
    from days
    inner join billed_kinds on days.deployment_id = billed_kinds.deployment_id

),

-- what was used that day and is billed apart should have a charge
lacking_kinds as (

    select
        metered_usage.date_day,
        metered_usage.deployment_id,
        metered_usage.unit,
        count(*) over (partition by metered_usage.date_day, metered_usage.deployment_id) as lacking_count
    from metered_usage
    inner join days
        on metered_usage.date_day = days.date_day and metered_usage.deployment_id = days.deployment_id
    left join unnamed_charges
        on
            metered_usage.date_day = unnamed_charges.date_day
            and metered_usage.deployment_id = unnamed_charges.deployment_id
    left join meant_kinds
        on
            metered_usage.date_day = meant_kinds.date_day
            and metered_usage.deployment_id = meant_kinds.deployment_id
            and metered_usage.unit = meant_kinds.unit
    anti join billed_kinds
        on
            metered_usage.date_day = billed_kinds.date_day
            and metered_usage.deployment_id = billed_kinds.deployment_id
            and metered_usage.unit = billed_kinds.unit
    where meant_kinds.unit is not null or unnamed_charges.effective_cost is not null

),

-- where a single kind lacks its charge, a charge without a kind is that kind's
lacking_costs as (

    select
        lacking_kinds.date_day,
        lacking_kinds.deployment_id,
        lacking_kinds.unit,
        case
            when lacking_kinds.lacking_count = 1 then {{ money_to_units('unnamed_charges.effective_cost') }}
        end as cost_units
    from lacking_kinds
    left join unnamed_charges
        on
            lacking_kinds.date_day = unnamed_charges.date_day
            and lacking_kinds.deployment_id = unnamed_charges.deployment_id

),

kinds as (

    select
        date_day,
        deployment_id,
        unit,
        cost_units,
        true as is_billed
    from billed_kinds
    union all
    select
        date_day,
        deployment_id,
        unit,
        cost_units,
        false as is_billed
    from lacking_costs

)

select
    date_day,
    deployment_id,
    unit,
    cast(case when cost_units < 0 then 0 else cost_units end as {{ wide_integer() }}) as weight,
    cast(cost_units as {{ wide_integer() }}) as cost_units,
    is_billed
from kinds
