{# As base_focus__files writes the names of columns. #}
{% set mapped_name = replace_every('lower(mappings.source_column)', '[^a-z0-9]', '') %}

with mappings as (

    select * from {{ ref('focus_column_mappings') }}

),

sources as (

    select * from {{ ref('focus_sources') }}

),

files as (

    select * from {{ ref('base_focus__files') }}

),

mapped as (

    select
        mappings.source,
        'column_mapping_is_used' as rule_id,
        mappings.column_name || ' from ' || mappings.source_column as seed_row,
        count(files.source_file) as file_count,
        count(case when array_contains(files.column_names, {{ mapped_name }}) then 1 end) as used_count
    from mappings
    left join files on mappings.source = files.source
    group by mappings.source, mappings.column_name, mappings.source_column

),

-- a row that says of a source only what holds without it, or what its folders say, is no use and no harm
delivered as (

    select
        sources.source,
        'source_row_is_used' as rule_id,
        sources.delivery as seed_row,
        count(files.source_file) as file_count,
        count(files.source_file) as used_count
    from sources
    left join files on sources.source = files.source
    where
        coalesce(sources.focus_version, sources.data_generator, sources.credits, sources.known_gaps) is not null
        or sources.delivery != 'overwrite'
        and coalesce(sources.snapshot_pattern, '') != '(.*)/(\d{8}-\d{8})/[^/]+/(\d{12})/'
    group by sources.source, sources.delivery

),

-- rows that are about one source, and those of sku_meters apart, which are about a charge or not
named as (

    select
        source,
        'cost_rules ' || cast(priority as string) as seed_row
    from {{ ref('cost_rules') }}
    union all
    select
        source,
        'amortization_schedules ' || schedule_id as seed_row
    from {{ ref('amortization_schedules') }}
    union all
    select
        source,
        'invoices ' || invoice_id as seed_row
    from {{ ref('invoices') }}

),

about_a_source as (

    select
        named.source,
        'seed_row_of_a_source' as rule_id,
        named.seed_row,
        count(files.source_file) as file_count,
        count(files.source_file) as used_count
    from named
    left join files on named.source = files.source
    where named.source is not null
    group by named.source, named.seed_row

),

used as (

    select * from mapped
    union all
    select * from delivered
    union all
    select * from about_a_source

)

select
    source,
    rule_id,
    seed_row,
    case
        when used_count > 0 then null
        when file_count > 0 then seed_row || ': no bill of the source has this column'
        else seed_row || ': there is no bill of this source'
    end as example_value,
    used_count = 0 as is_unused
from used
