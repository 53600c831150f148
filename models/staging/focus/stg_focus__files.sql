with files as (

    select * from {{ ref('base_focus__files') }}

),

contents as (

    select * from {{ ref('stg_focus__file_contents') }}

),

charges as (

    select * from {{ ref('base_focus__typed_charges') }}

),

scopes as (

    select
        source,
        delivery,
        run_scope,
        {{ joined_texts(list_in_order('file_version', 'relative_path'), "' '") }} as file_versions
    from files
    group by source, delivery, run_scope

),

-- files that may be one bill written twice: in Parquet and in CSV, or packed anew
counted_alike as (

    select
        files.source_file,
        files.source,
        files.relative_path,
        contents.row_count,
        contents.effective_cost,
        count(*) over (
            partition by
                files.source,
                contents.row_count,
                contents.effective_cost,
                contents.billed_cost,
                contents.charges_from,
                contents.charges_until
        ) as file_count
    from files
    inner join contents on files.source_file = contents.source_file
    where
        files.not_current_because is null
        and files.delivery in ('overwrite', 'append')
        and contents.row_count > 0

),

alike as (

    select * from counted_alike
    where file_count > 1

),

-- what every row says, whatever its place: numbers and times by their value, and not by their spelling
rows_of_alike as (

    select
        source_file,
        {{ text_of_row(
            'source_file, source_row, source, columns_of, other_columns, x_credits, format_notes,
            given_effective_cost, given_billed_cost, given_contracted_cost, given_list_cost,
            given_contracted_unit_price, given_list_unit_price, given_consumed_quantity, given_pricing_quantity,
            given_billing_period_start, given_billing_period_end, given_charge_period_start, given_charge_period_end,
            given_tags'
        ) }} as content
    from charges
    where source_file in (select source_file from alike)

),

fingerprints as (

    select
        source_file,
        sum(cast({{ stable_id('content') }} as {{ wide_integer() }})) as fingerprint
    from rows_of_alike
    group by source_file

),

copies as (

    select
        alike.source_file,
        row_number() over (
            partition by alike.source, fingerprints.fingerprint, alike.row_count, alike.effective_cost
            order by alike.relative_path
        ) > 1 as is_copy
    from alike
    inner join fingerprints on alike.source_file = fingerprints.source_file

)

select
    files.source_file,
    files.source,
    files.format,
    -- running totals are read anew with every other file of their scope, because each may supersede another
    case
        when files.delivery = 'cumulative' then files.file_version || '-' || md5(scopes.file_versions)
        -- and the days that are left of a run, whenever a newer run takes others
        when {{ length_of('files.superseded_days') }} > 0
            then files.file_version
                || '-'
                || md5({{ joined_texts(list_of_each('files.superseded_days', 'd', 'cast(d as string)'), "' '") }})
        else files.file_version
    end as file_version,
    files.focus_version,
    files.delivery,
    files.run_scope,
    files.run_at,
    coalesce(files.not_current_because, case when copies.is_copy then 'copy' end) as not_current_because,
    files.checksum,
    files.note,
    files.column_names,
    files.superseded_days,
    files.known_gaps,
    contents.row_count,
    contents.effective_cost,
    files.size_bytes,
    coalesce(files.not_current_because, case when copies.is_copy then 'copy' end) is null as is_current,
    files.modified_at,
    contents.charges_from,
    contents.charges_until,
    contents.hours_until,
    contents.days_until,
    contents.usage_from,
    contents.usage_until,
    contents.usage_hours_until,
    contents.usage_days_until
from files
left join contents on files.source_file = contents.source_file
left join copies on files.source_file = copies.source_file
left join scopes
    on
        files.source = scopes.source
        and files.delivery = scopes.delivery
        and files.run_scope is not distinct from scopes.run_scope
