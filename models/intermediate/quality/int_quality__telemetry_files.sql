with files as (

    select * from {{ ref('stg_telemetry__files') }}

),

request_files as (

    select * from {{ ref('int_quality__request_files') }}

),

requests as (

    select * from {{ ref('int_usage__customer_requests_daily') }}

),

provider_usage as (

    select * from {{ ref('stg_provider_usage__usage') }}

),

provider_buckets as (

    select * from {{ ref('int_usage__provider_buckets') }}

),

training as (

    select * from {{ ref('stg_training__progress') }}

),

training_steps as (

    select * from {{ ref('int_usage__training_steps') }}

),

training_attempts as (

    select * from {{ ref('int_usage__training_attempts') }}
    where is_opening_unknown

),

deployments as (

    select distinct deployment_id from {{ ref('deployments') }}

),

unread as (

    select
        source_file,
        'file_not_read' as issue,
        problem as detail,
        0 as affected_rows
    from files
    where problem is not null

),

request_counts as (

    select
        source_file,
        unnest(['unreadable_row', 'unusable_count', 'no_deployment', 'more_cached_than_input']) as issue,
        cast(null as varchar) as detail,
        unnest([
            unreadable_rows, rows_with_unusable_counts, rows_without_deployment, rows_with_more_cached_than_input
        ]) as affected_rows
    from request_files

),

repeated_requests as (

    select
        source_file,
        'repeated_request' as issue,
        'their request ids are in this or another file already: they count once' as detail,
        sum(len(repeated_rows)) as affected_rows
    from {{ ref('int_usage__request_repeats_daily') }}
    group by source_file
    having sum(len(repeated_rows)) > 0

),

unknown_deployments as (

    select
        requests.source_file,
        'unknown_deployment' as issue,
        string_agg(distinct requests.deployment_id, ', ' order by requests.deployment_id) as detail,
        sum(requests.requests + requests.failed_requests) as affected_rows
    from requests
    anti join deployments on requests.deployment_id = deployments.deployment_id
    where requests.deployment_id is not null
    group by requests.source_file

),

product_counts as (

    select
        source_file,
        unnest(['unreadable_row', 'no_workload', 'unknown_workload', 'no_id']) as issue,
        unnest([null, null, unknown_workloads, null]) as detail,
        unnest([
            unreadable_rows, rows_without_workload, rows_of_unknown_workloads, rows_without_id
        ]) as affected_rows
    from {{ ref('int_quality__product_files') }}

),

provider_counts as (

    select
        source_file,
        unnest(['unreadable_row', 'unusable_count', 'superseded_count']) as issue,
        unnest([null, null, 'a newer file has another count of the same bucket, group, account and region']) as detail,
        unnest([
            count(*) filter (where bucket_start is null),
            count(*) filter (where bucket_start is not null and not is_superseded and has_unusable_counts),
            count(*) filter (where has_other_counts)
        ]) as affected_rows
    from provider_usage
    group by source_file

),

superseded as (

    select
        source_file,
        'superseded_report' as issue,
        'other reports cover more of the same days' as detail,
        count(*) as affected_rows
    from provider_buckets
    where not is_counted
    group by source_file

),

training_counts as (

    select
        source_file,
        unnest(['unreadable_row', 'unusable_count']) as issue,
        cast(null as varchar) as detail,
        unnest([
            count(*) filter (where ts is null or step is null),
            count(*) filter (where ts is not null and step is not null and has_unusable_counts)
        ]) as affected_rows
    from training
    group by source_file

),

unknown_openings as (

    select
        training_steps.source_file,
        'opening_unknown' as issue,
        string_agg(distinct training_steps.run_id, ', ' order by training_steps.run_id) as detail,
        count(*) as affected_rows
    from training_steps
    inner join training_attempts
        on
            training_steps.run_id = training_attempts.run_id
            and training_steps.attempt_number = training_attempts.attempt_number
            and training_steps.step = training_attempts.resumed_step
    group by training_steps.source_file

),

issues as (

    select * from unread
    union all
    select * from request_counts
    where affected_rows > 0
    union all
    select * from repeated_requests
    union all
    select * from unknown_deployments
    union all
    select * from product_counts
    where affected_rows > 0
    union all
    select * from provider_counts
    where affected_rows > 0
    union all
    select * from superseded
    union all
    select * from training_counts
    where affected_rows > 0
    union all
    select * from unknown_openings
    union all
    select * from {{ ref('int_quality__telemetry_times') }}

)

select
    files.source_file,
    files.folder,
    files.shape,
    issues.issue,
    issues.detail,
    cast(issues.affected_rows as bigint) as affected_rows
from issues
inner join files on issues.source_file = files.source_file
