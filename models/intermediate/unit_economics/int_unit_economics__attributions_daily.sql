with gateway_coverage as (

    select * from {{ ref('int_usage__gateway_coverage_daily') }}

),

gateway_usage as (

    select * from {{ ref('int_usage__gateway_usage_daily') }}

),

told as (

    select * from {{ ref('int_usage__gateway_counts_told_daily') }}

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

select
    gateway_coverage.deployment_id,
    gateway_coverage.lost_seconds,
    coalesce(gateway_days.has_input, true) as is_input_told,
    coalesce(gateway_days.has_output, true) as is_output_told,
    gateway_days.deployment_id is null or told.is_user_told as is_user_told,
    gateway_days.deployment_id is null or told.is_session_told as is_session_told,
    gateway_coverage.date_day
from gateway_coverage
left join gateway_days
    on
        gateway_coverage.deployment_id = gateway_days.deployment_id
        and gateway_coverage.date_day = gateway_days.date_day
left join told
    on gateway_coverage.deployment_id = told.deployment_id and gateway_coverage.date_day = told.date_day
