{%- set allowed = var('max_unknown_share') -%}
{%- set allowed_untold = var('max_share_without_user') -%}

with requests as (

    select * from {{ ref('int_usage__customer_requests_daily') }}

),

deployments as (

    select
        deployment_id,
        lower(prefix_caching) in ('off', 'none', 'no', 'false', 'disabled') as is_cache_off,
        valid_from,
        valid_to
    from {{ ref('deployments') }}

),

deployment_days as (

    select
        date_day,
        deployment_id,
        sum(requests) as requests,
        sum(requests_without_input) as requests_without_input,
        sum(requests_without_output) as requests_without_output,
        sum(requests_without_cached) as requests_without_cached,
        sum(requests - cache_hit_requests - requests_without_cached) as requests_with_cached,
        sum(requests_with_unread_output) as requests_with_unread_output,
        sum(requests + failed_requests) as told_rows,
        sum(rows_without_user) as rows_without_user,
        sum(rows_without_session) as rows_without_session
    from requests
    group by date_day, deployment_id

),

configured as (

    select
        deployment_days.*,
        deployments.valid_from,
        coalesce(deployments.is_cache_off, false) as is_cache_off
    from deployment_days
    left join deployments
        on
            deployment_days.deployment_id = deployments.deployment_id
            and {{ in_effect('deployments', 'deployment_days.date_day') }}

),

shares as (

    select
        *,
        case when requests_with_cached > 0 then cast(requests_with_cached as double) / requests end as share_with,
        case when requests_with_cached > 0 then cast(requests_without_cached as double) / requests end as share_without
    from configured

),

-- what is usual on days of the configuration on which any cached tokens are told; of fewer than three days the best one says
compared as (

    select
        *,
        case
            when count(share_with) over configuration < 3 then max(share_with) over configuration
            else median(share_with) over configuration
        end as usual_share_with,
        case
            when count(share_with) over configuration < 3 then min(share_without) over configuration
            else median(share_without) over configuration
        end as usual_share_without,
        max(told_rows - rows_without_user) over deployment > 0 as has_users,
        max(told_rows - rows_without_session) over deployment > 0 as has_sessions
    from shares
    window
        configuration as (partition by deployment_id, valid_from),
        deployment as (partition by deployment_id)

)

-- more than a small part of the requests untold is unknown, and of users, where the deployment has any, a larger one: each request
-- is somebody's, and need be of no session. Of cached tokens many gateways say nothing where there are none: where
-- that is usual, only a day of which no request tells any is unknown, and only if ten would
select
    date_day,
    deployment_id,
    requests_without_input <= {{ allowed }} * requests as is_input_told,
    case
        when is_cache_off or usual_share_without is null then true
        when usual_share_without <= {{ allowed }} then requests_without_cached <= {{ allowed }} * requests
        else requests_with_cached > 0 or usual_share_with * requests < 10
    end as is_cached_told,
    requests_without_output <= {{ allowed }} * requests as is_output_told,
    coalesce(requests_with_unread_output > {{ allowed }} * requests, false) as is_output_unread,
    not has_users or rows_without_user <= {{ allowed_untold }} * told_rows as is_user_told,
    not has_sessions or rows_without_session < told_rows as is_session_told
from compared
