{% set cost_columns = sql_texts(['effectivecost', 'billedcost', 'contractedcost', 'listcost']) %}

with files as (

    select * from {{ ref('stg_focus__files') }}
    where is_current

),

named_by_rules as (

    select {{ rule_column('rules') }} as column_name
    from {{ ref('cost_rules') }} as rules

),

columns_of_files as (

    select
        source_file,
        {{ each_of('column_names') }} as column_name
    from files

),

-- which charge a row is a part of, in a provider's own columns
split_columns as (

    select
        columns_of_files.source_file,
        {{ texts_of_group('columns_of_files.column_name') }} as unread_split_columns
    from columns_of_files
    left join named_by_rules on columns_of_files.column_name = named_by_rules.column_name
    where
        named_by_rules.column_name is null
        and {{ matches('columns_of_files.column_name', "'splitlineitem|parentresource'") }}
    group by columns_of_files.source_file

)

select
    files.source_file,
    files.source,
    files.focus_version,
    {{ list_where(cost_columns, 'name', 'not array_contains(files.column_names, name)') }} as missing_cost_columns,
    split_columns.unread_split_columns,
    {{ focus_version_number('files.focus_version') }} as version_number
from files
left join split_columns on files.source_file = split_columns.source_file
