with gateway_coverage as (

    select * from {{ ref('int_usage__gateway_coverage_daily') }}

),

gateway_usage as (

    select * from {{ ref('int_usage__gateway_usage_daily') }}

),

users as (

    select distinct
        deployment_id,
        date_day
    from {{ ref('int_usage__customer_users_daily') }}

),

sessions as (

    select distinct
        deployment_id,
        date_day
    from {{ ref('int_usage__customer_sessions_daily') }}

),

gateway_days as (

    select
        deployment_id,
        bool_or(unit = 'input_token') as has_input,
        bool_or(unit = 'output_token') as has_output,
        date_day
    from gateway_usage
    group by deployment_id, date_day
    having bool_or(unit = 'request')

)

-- who has users on some days has them on all: requests without any were not told whose they are
select
    gateway_coverage.deployment_id,
    gateway_coverage.lost_seconds,
    coalesce(gateway_days.has_input, true) as is_input_told,
    coalesce(gateway_days.has_output, true) as is_output_told,
    gateway_days.deployment_id is null
    or users.deployment_id is not null
    or count(users.deployment_id) over (partition by gateway_coverage.deployment_id) = 0 as is_user_told,
    gateway_days.deployment_id is null
    or sessions.deployment_id is not null
    or count(sessions.deployment_id) over (partition by gateway_coverage.deployment_id) = 0 as is_session_told,
    gateway_coverage.date_day
from gateway_coverage
left join gateway_days
    on
        gateway_coverage.deployment_id = gateway_days.deployment_id
        and gateway_coverage.date_day = gateway_days.date_day
left join users
    on gateway_coverage.deployment_id = users.deployment_id and gateway_coverage.date_day = users.date_day
left join sessions
    on gateway_coverage.deployment_id = sessions.deployment_id and gateway_coverage.date_day = sessions.date_day
