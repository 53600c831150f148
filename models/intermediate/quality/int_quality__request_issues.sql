with request_files as (

    select * from {{ ref('int_quality__request_files') }}

),

requests as (

    select * from {{ ref('int_usage__customer_requests_daily') }}

),

counts_told as (

    select * from {{ ref('int_usage__gateway_counts_told_daily') }}

),

repeats as (

    select * from {{ ref('int_usage__request_repeats_daily') }}

),

deployments as (

    select distinct deployment_id from {{ ref('deployments') }}

),

request_counts as (

    select
        request_files.source_file,
        kinds.issue,
        case kinds.issue
            when 'more_reasoning_than_output' then 'their output leaves it out, and others may: it is added to these'
            when 'more_in_total' then 'their total has tokens that are in no other column; these do not count'
            when 'unread_tokens'
                then 'they do not count until column_aliases has them: ' || left(request_files.unread_tokens, 400)
            when 'unread_spans'
                then 'no known calls of a model, with tokens: ' || left(request_files.unread_operations, 400)
            when 'unknown_status'
                then 'they count as delivered: ' || left(request_files.unknown_statuses, 200)
        end as detail,
        case kinds.issue
            when 'unreadable_row' then request_files.unreadable_rows
            when 'unusable_count' then request_files.rows_with_unusable_counts
            when 'no_deployment' then request_files.rows_without_deployment
            when 'more_cached_than_input' then request_files.rows_with_more_cached_than_input
            when 'more_reasoning_than_output' then request_files.rows_with_more_reasoning_than_output
            when 'more_in_total' then request_files.rows_with_more_in_total
            when 'unread_tokens' then request_files.rows_with_unread_tokens
            when 'unread_spans' then request_files.unread_spans
            when 'unknown_status' then request_files.rows_with_unknown_status
        end as affected_rows
    from request_files
    cross join (
        values
        ('unreadable_row'), ('unusable_count'), ('no_deployment'), ('more_cached_than_input'),
        ('more_reasoning_than_output'), ('more_in_total'), ('unread_tokens'), ('unread_spans'),
        ('unknown_status')
    ) as kinds (issue)

),

repeated_requests as (

    select
        source_file,
        'repeated_request' as issue,
        'their request ids are in this or another file already: they count once' as detail,
        sum({{ length_of('repeated_rows') }}) as affected_rows
    from repeats
    group by source_file
    having sum({{ length_of('repeated_rows') }}) > 0

),

differing_requests as (

    select
        source_file,
        'differing_request' as issue,
        'the fullest that did not fail counts; steps of a request that add up need ids of their own' as detail,
        sum(differing_rows) as affected_rows
    from repeats
    group by source_file
    having sum(differing_rows) > 0

),

unknown_deployments as (

    select
        requests.source_file,
        'unknown_deployment' as issue,
        {{ texts_of_group('requests.deployment_id') }} as detail,
        sum(requests.requests + requests.failed_requests) as affected_rows
    from requests
    anti join deployments on requests.deployment_id = deployments.deployment_id
    where requests.deployment_id is not null
    group by requests.source_file

),

-- on days on which too many rows name nobody, though the deployment has users
untold_users as (

    select
        requests.source_file,
        'user_not_told' as issue,
        {{ texts_of_group('requests.deployment_id') }}
        || ': some requests name a user, too many do not; active users are unknown' as detail,
        sum(requests.rows_without_user) as affected_rows
    from requests
    inner join counts_told
        on requests.date_day = counts_told.date_day and requests.deployment_id = counts_told.deployment_id
    where not counts_told.is_user_told and requests.rows_without_user > 0
    group by requests.source_file

)

select source_file, issue, detail, affected_rows
from request_counts
where affected_rows > 0
union all
select source_file, issue, detail, affected_rows
from repeated_requests
union all
select source_file, issue, detail, affected_rows
from differing_requests
union all
select source_file, issue, detail, affected_rows
from unknown_deployments
union all
select source_file, issue, detail, affected_rows
from untold_users
