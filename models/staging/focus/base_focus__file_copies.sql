{% set objects = [
    'tags', 'allocated_tags', 'sku_price_details', 'allocated_method_details', 'commitment_program_eligibility_details',
    'contract_applied', 'credential_details'
] %}
{# Columns of a row beyond FOCUS's that say something, as one text; a number by its value, as those of FOCUS are. #}
{% set said = list_where('map_entries(other_columns)', 'entry', present_text('entry.value') ~ ' is not null') %}
{% set other_content = joined_texts(
    list_of_each(
        said, 'entry',
        "entry.key || '=' || coalesce(cast(" ~ money_of_text('entry.value') ~ ' as string), ' ~ present_text('entry.value') ~ ')'
    ),
    'chr(31)'
) %}

with files as (

    select * from {{ ref('base_focus__files') }}

),

contents as (

    select * from {{ ref('stg_focus__file_contents') }}

),

charges as (

    select * from {{ ref('base_focus__typed_charges') }}

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

-- what every row says, whatever its place: numbers, times and objects by their value, and not by their spelling, credits by their sum
rows_of_alike as (

    select
        source_file,
        {{ text_of_row(
            'source_file, source_row, source, columns_of, other_columns, x_credits, format_notes,
            given_effective_cost, given_billed_cost, given_contracted_cost, given_list_cost,
            given_contracted_unit_price, given_list_unit_price, given_consumed_quantity, given_pricing_quantity,
            given_billing_period_start, given_billing_period_end, given_charge_period_start, given_charge_period_end,
            given_tags, ' ~ objects | join(', ')
        ) }} as content,
        coalesce({{ other_content }}, '') as other_content,
        concat_ws(
            chr(30),
            {%- for name in objects %}
            {{ json_in_order(name) }},
            {%- endfor %}
            ''
        ) as objects
    from charges
    where source_file in (select source_file from alike)

),

fingerprints as (

    select
        source_file,
        sum(
            cast({{ stable_id("content || chr(30) || other_content || chr(30) || objects") }} as {{ wide_integer() }})
        ) as fingerprint
    from rows_of_alike
    group by source_file

),

originals as (

    select
        alike.source_file,
        first_value(alike.source_file) over (
            partition by alike.source, fingerprints.fingerprint, alike.row_count, alike.effective_cost
            order by alike.relative_path
        ) as original_file
    from alike
    inner join fingerprints on alike.source_file = fingerprints.source_file

),

compared_columns as (

    select lower(column_name) as column_name from {{ ref('focus_columns') }}
    union
    select 'xcredits' as column_name
    union
    {% for seed in ['cost_rules', 'sku_meters', 'amortization_schedules'] %}
    select {{ rule_column('rules') }} as column_name from {{ ref(seed) }} as rules
    union
    {% endfor %}
    select {{ replace_every('lower(source_column)', '[^a-z0-9]', '') }} as column_name
    from {{ ref('focus_column_mappings') }}

),

columns_of_copies as (

    select
        originals.source_file,
        {{ each_of('files.column_names') }} as column_name
    from originals
    inner join files on files.source_file in (originals.source_file, originals.original_file)
    where originals.source_file != originals.original_file

),

-- a column that no rule names does not land: a copy may say something else in it
uncompared as (

    select
        columns_of_copies.source_file,
        {{ texts_of_group('columns_of_copies.column_name') }} as column_names
    from columns_of_copies
    left join compared_columns on columns_of_copies.column_name = compared_columns.column_name
    where compared_columns.column_name is null
    group by columns_of_copies.source_file

)

select
    originals.source_file,
    originals.original_file,
    uncompared.column_names as uncompared_columns
from originals
left join uncompared on originals.source_file = uncompared.source_file
where originals.source_file != originals.original_file
