with provider_usage as (

    select * from {{ ref('stg_provider_usage__usage') }}

),

provider_buckets as (

    select * from {{ ref('int_usage__provider_buckets') }}

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

)

select source_file, issue, detail, affected_rows
from provider_counts
where affected_rows > 0
union all
select source_file, issue, detail, affected_rows
from superseded
