{% set versions = focus_versions() %}
{% set cost_columns = ['effectivecost', 'billedcost', 'contractedcost', 'listcost'] %}

with headers as (

    select
        columns.source_file,
        list(distinct lower(trim(columns.column_name))) as column_names
    from {{ ref('base_focus__columns') }} as columns
    inner join {{ ref('stg_focus__files') }} as files on columns.source_file = files.source_file
    where files.is_current
    group by columns.source_file

),

-- a file is of the newest version of which it has a column that the version before had not
versioned as (

    select
        source_file,
        column_names,
        case
            when list_has_any(column_names, ['invoicedetailid', 'commitmentprogrameligibilitydetails']) then '1.4'
            when list_has_any(column_names, ['serviceprovidername', 'hostprovidername', 'contractapplied']) then '1.3'
            when list_has_any(column_names, ['invoiceid', 'pricingcurrency', 'billingaccounttype']) then '1.2'
            when list_has_any(column_names, ['skumeter', 'skupricedetails', 'commitmentdiscountquantity']) then '1.1'
            when list_has_any(column_names, ['chargesubcategory', 'usagequantity', 'provider']) then '1.0-preview'
            else '1.0'
        end as focus_version
    from headers

)

select
    files.source_file,
    files.source,
    versioned.focus_version,
    list_filter({{ cost_columns }}, lambda name: not list_contains(versioned.column_names, name))
        as missing_cost_columns,
    list_position({{ versions }}, versioned.focus_version) as version_number
from versioned
inner join {{ ref('stg_focus__files') }} as files on versioned.source_file = files.source_file
