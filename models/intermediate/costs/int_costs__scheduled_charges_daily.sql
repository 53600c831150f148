with charges as (

    select
        source,
        billing_period_start,
        billing_currency,
        attribute_key,
        date_day,
        cast(sum(effective_cost) as {{ money_type() }}) as effective_cost
    from {{ ref('int_costs__charges_daily') }}
    group by source, billing_period_start, billing_currency, attribute_key, date_day

),

schedules as (

    select
        schedule_id,
        source,
        column_name,
        cast(null as string) as tag_key,
        operator,
        value,
        starts_on,
        ends_on,
        valid_from,
        valid_to
    from {{ ref('amortization_schedules') }}

),

matches as (

    select
        attributes.attribute_key,
        schedules.schedule_id,
        schedules.starts_on,
        schedules.ends_on,
        schedules.valid_from,
        schedules.valid_to
    from {{ ref('int_costs__charge_attributes') }} as attributes
    inner join schedules on attributes.source = coalesce(schedules.source, attributes.source)
    where {{ value_matches(attribute_value('attributes', 'schedules'), 'schedules') }}

),

-- a schedule is for what was charged within its term: a renewal must not move the months of the term before.
scheduled as (

    select
        charges.attribute_key,
        charges.date_day,
        min(matches.schedule_id) as schedule_id
    from charges
    inner join matches
        on
            charges.attribute_key = matches.attribute_key
            and charges.date_day >= matches.starts_on
            and charges.date_day < matches.ends_on
            and {{ in_effect('matches', 'charges.date_day') }}
    group by charges.attribute_key, charges.date_day

),

amounts as (

    select
        charges.source,
        charges.billing_period_start,
        charges.billing_currency,
        charges.attribute_key,
        scheduled.schedule_id,
        sum({{ money_to_units('charges.effective_cost') }}) as cost_units
    from charges
    inner join scheduled
        on charges.attribute_key = scheduled.attribute_key and charges.date_day = scheduled.date_day
    group by
        charges.source,
        charges.billing_period_start,
        charges.billing_currency,
        charges.attribute_key,
        scheduled.schedule_id

),

schedule_days as (

    select
        amounts.*,
        cast(1 as {{ wide_integer() }}) as weight,
        {{ each_day('schedules.starts_on', 'cast(schedules.ends_on - interval 1 day as date)') }} as date_day
    from amounts
    inner join schedules on amounts.schedule_id = schedules.schedule_id

),

spread as (

    {{ largest_remainder(
        'schedule_days',
        'cost_units',
        'weight',
        ['source', 'billing_period_start', 'billing_currency', 'attribute_key', 'schedule_id'],
        ['date_day'],
        'day_cost_units'
    ) }}

)

select
    source,
    billing_currency,
    attribute_key,
    schedule_id,
    {{ units_to_money('day_cost_units') }} as effective_cost,
    date_day,
    billing_period_start
from spread
union all
select
    charges.source,
    charges.billing_currency,
    charges.attribute_key,
    null as schedule_id,
    charges.effective_cost,
    charges.date_day,
    charges.billing_period_start
from charges
left join scheduled
    on charges.attribute_key = scheduled.attribute_key and charges.date_day = scheduled.date_day
where scheduled.attribute_key is null
