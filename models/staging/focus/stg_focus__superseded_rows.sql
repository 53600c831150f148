with charges as (

    select * from {{ ref('base_focus__charges') }}

),

restated as (

    select * from {{ ref('base_focus__restated_files') }}

),

-- files of running totals, and runs that state days of one another
files as (

    select * from {{ ref('base_focus__files') }}
    where
        delivery = 'cumulative'
        or source_file in (select source_file from restated)
        or source_file in (select newer_file from restated)

),

of_these_files as (

    select charges.*
    from charges
    semi join files on charges.source_file = files.source_file

),

-- what a row is about: all that it says but for its amounts
identities as (

    select
        source_file,
        source_row,
        md5({{ text_of_row(
            'source_file, source_row, has_null_as_text, billed_cost, effective_cost, contracted_cost, list_cost,
            consumed_quantity, pricing_quantity, contracted_unit_price, list_unit_price,
            pricing_currency_effective_cost, pricing_currency_contracted_unit_price,
            pricing_currency_list_unit_price, commitment_discount_quantity'
        ) }}) as identity
    from of_these_files

),

aged as (

    select
        identities.source_file,
        identities.source_row,
        files.run_at < max(files.run_at) over (
            partition by files.source, files.run_scope, identities.identity
        ) as is_superseded
    from identities
    inner join files on identities.source_file = files.source_file

)

select
    source_file,
    source_row
from aged
where is_superseded
