with provider_usage as (

    select * from {{ ref('stg_provider_usage__usage') }}

),

provider_buckets as (

    select * from {{ ref('int_usage__provider_buckets') }}

),

provider_rows as (

    select
        source_file,
        'unreadable_row' as issue,
        cast(null as string) as detail
    from provider_usage
    where bucket_start is null
    union all
    select
        source_file,
        'unusable_count' as issue,
        cast(null as string) as detail
    from provider_usage
    where bucket_start is not null and not is_superseded and has_unusable_counts
    union all
    select
        source_file,
        'unread_tokens' as issue,
        'they do not count until column_aliases has them: ' || left(unread_tokens, 400) as detail
    from provider_usage
    where bucket_start is not null and not is_superseded and unread_tokens is not null
    union all
    select
        source_file,
        'superseded_count' as issue,
        'a newer file has another count of the same bucket, group, account and region' as detail
    from provider_usage
    where has_other_counts

),

provider_counts as (

    select
        source_file,
        issue,
        max(detail) as detail,
        count(*) as affected_rows
    from provider_rows
    group by source_file, issue

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

)

select source_file, issue, detail, affected_rows
from provider_counts
union all
select source_file, issue, detail, affected_rows
from superseded
