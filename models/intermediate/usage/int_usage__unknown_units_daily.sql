with server_gaps as (

    select * from {{ ref('int_usage__server_gaps_daily') }}

),

metered_usage as (

    select * from {{ ref('int_usage__metered_usage_daily') }}

),

doubled_counts as (

    select * from {{ ref('int_usage__doubled_counts_daily') }}

),

readings as (

    select * from {{ ref('int_usage__meter_readings_daily') }}

),

counts_told as (

    select * from {{ ref('int_usage__gateway_counts_told_daily') }}

),

deployments as (

    select
        deployment_id,
        coalesce(kind, 'inference') as kind,
        valid_from,
        valid_to
    from {{ ref('deployments') }}

),

-- what a deployment is known to use, by whoever counted it on any day, or could not: a hosted model for embeddings has no output
outputs as (

    select deployment_id from readings
    where unit = 'output_token' and (units > 0 or units is null) and meter in ('gateway', 'provider', 'billed')
    union
    select deployment_id from counts_told
    where is_output_unread

),

cached_days as (

    select distinct
        date_day,
        deployment_id
    from readings
    where unit = 'cached_input_token' and units > 0 and meter in ('gateway', 'provider', 'billed')

),

-- where no server of ours counts. A bill of no tokens at all, as of a credit on one kind, lacks no kind.
other_days as (

    select
        metered_usage.date_day,
        metered_usage.deployment_id,
        max(deployments.kind) as kind,
        bool_or(metered_usage.unit in ('input_token', 'prompt_token')) as has_prompt,
        bool_and(metered_usage.meter = 'billed' and metered_usage.units = 0) as is_credit_alone,
        bool_or(metered_usage.unit = 'prompt_token') as is_prompt_undivided,
        bool_or(metered_usage.unit = 'cached_input_token' and metered_usage.units > 0) as has_cached,
        bool_or(metered_usage.unit = 'output_token') as has_output,
        bool_or(metered_usage.unit = 'request') as has_request,
        bool_or(metered_usage.unit = 'training_step') as has_step,
        bool_or(metered_usage.unit = 'training_token') as has_training_token
    from metered_usage
    inner join deployments
        on
            metered_usage.deployment_id = deployments.deployment_id
            and {{ in_effect('deployments', 'metered_usage.date_day') }}
    where metered_usage.meter != 'server'
    group by metered_usage.date_day, metered_usage.deployment_id

),

other_gaps as (

    select
        other_days.date_day,
        other_days.deployment_id,
        'meter_missing' as reason,
        meters.meter
    from other_days
    cross join (values ('prompt'), ('cached'), ('output'), ('request'), ('training_token')) as meters (meter)
    left join outputs on other_days.deployment_id = outputs.deployment_id
    left join cached_days
        on
            other_days.date_day = cached_days.date_day
            and other_days.deployment_id = cached_days.deployment_id
    where
        case meters.meter
            when 'prompt'
                then other_days.kind != 'training' and not other_days.has_prompt and not other_days.is_credit_alone
            when 'cached'
                then other_days.is_prompt_undivided
                    or (cached_days.deployment_id is not null and not other_days.has_cached)
            when 'output'
                then not other_days.has_output and not other_days.is_credit_alone
                    and (
                        other_days.kind = 'inference'
                        or (other_days.kind = 'hosted' and outputs.deployment_id is not null)
                    )
            when 'request' then other_days.kind != 'training' and not other_days.has_request
            when 'training_token' then other_days.has_step and not other_days.has_training_token
        end

),

unread_gaps as (

    select
        unread_bills.date_day,
        unread_bills.deployment_id,
        meters.meter,
        'meter_missing' as reason
    from {{ ref('int_usage__unread_bills_daily') }} as unread_bills
    cross join (values ('prompt'), ('output'), ('request')) as meters (meter)

),

gaps as (

    select
        date_day,
        deployment_id,
        meter,
        reason
    from server_gaps

    union all

    select
        date_day,
        deployment_id,
        meter,
        reason
    from other_gaps

    union all

    select
        date_day,
        deployment_id,
        meter,
        reason
    from unread_gaps

    union all

    select
        date_day,
        deployment_id,
        meters.meter,
        'meter_broken' as reason
    from doubled_counts
    cross join (values ('prompt'), ('output'), ('request'), ('embedding')) as meters (meter)

),

-- without one kind of token nobody knows how cost divides between the kinds, and without all of a prompt not their sum
units as (

    select
        gaps.date_day,
        gaps.deployment_id,
        gaps.reason,
        coalesce(kinds.unit, gaps.meter) as unit
    from gaps
    left join (values ('input_token'), ('cached_input_token'), ('output_token'), ('token')) as kinds (unit)
        on gaps.meter in ('prompt', 'output') or (gaps.meter = 'cached' and kinds.unit != 'token')

)

select
    date_day,
    deployment_id,
    unit,
    case when bool_or(reason = 'meter_broken') then 'meter_broken' else 'meter_missing' end as null_reason
from units
group by date_day, deployment_id, unit
