with deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

attributions as (

    select * from {{ ref('int_unit_economics__attributions_daily') }}

),

product_coverage as (

    select * from {{ ref('int_usage__product_coverage_daily') }}

),

units as (

    select
        unit,
        split(deployment_kinds, ' ') as deployment_kinds
    from {{ ref('units') }}
    where counting = 'distinct'

),

choices as (

    select distinct
        workload,
        {{ text_in_json(sql_text(tojson(activity_sources())), 'workload') }} as activity_source
    from deployment_days

),

-- product activity names no environment: it is what people do where targets are held.
chosen as (

    select
        deployment_days.date_day,
        deployment_days.deployment_id,
        units.unit,
        case
            when deployment_days.environment != {{ sql_text(var('target_environment')) }} then 'requests'
            when choices.activity_source is not null then choices.activity_source
            when product_coverage.unit is not null then 'product'
            else 'requests'
        end as activity_source,
        coalesce(attributions.lost_seconds, 0) as request_lost_seconds,
        case
            -- no request row ever names the deployment: nobody can tell who its users are
            when attributions.deployment_id is null then 'meter_missing'
            when units.unit = 'active_user' and not attributions.is_user_told then 'meter_missing'
            when units.unit = 'session' and not attributions.is_session_told then 'meter_missing'
        end as request_null_reason,
        coalesce(product_coverage.lost_seconds, 86400) as product_lost_seconds,
        case when not product_coverage.is_told then 'meter_missing' end as product_null_reason
    from deployment_days
    inner join units on array_contains(units.deployment_kinds, deployment_days.kind)
    left join choices on deployment_days.workload = choices.workload
    left join attributions
        on
            deployment_days.date_day = attributions.date_day
            and deployment_days.deployment_id = attributions.deployment_id
    left join product_coverage
        on
            deployment_days.date_day = product_coverage.date_day
            and deployment_days.workload = product_coverage.workload
            and units.unit = product_coverage.unit

)

-- whoever is asked must have seen the day
select
    date_day,
    deployment_id,
    unit,
    activity_source,
    case activity_source
        when 'requests' then request_null_reason
        when 'product' then product_null_reason
        else coalesce(request_null_reason, product_null_reason)
    end as meter_null_reason,
    case activity_source
        when 'requests' then request_lost_seconds
        when 'product' then product_lost_seconds
        else greatest(request_lost_seconds, product_lost_seconds)
    end as lost_seconds
from chosen
