{# A snapshot_pattern has two or three pairs of parentheses: what a snapshot covers, in one or two parts, and at last its
   age. A part in the middle that does not matter, such as an export's name, lies between the parts. #}
{% macro snapshot_scope(path, pattern) -%}
    case
        when regexp_extract({{ path }}, {{ pattern }}, 3) != ''
            then regexp_extract({{ path }}, {{ pattern }}, 1) || ' ' || regexp_extract({{ path }}, {{ pattern }}, 2)
        else regexp_extract({{ path }}, {{ pattern }}, 1)
    end
{%- endmacro %}

{% macro snapshot_age(path, pattern) -%}
    coalesce(
        nullif(regexp_extract({{ path }}, {{ pattern }}, 3), ''), regexp_extract({{ path }}, {{ pattern }}, 2)
    )
{%- endmacro %}

{# Files of a source that do not replace one another and have the same size: candidates for a copy. They are the only
   ones that are read as a whole before they land. #}
{% macro focus_files_of_equal_size() %}
    {%- if not execute or not load_relation(ref('stg_files__inputs')) or not load_relation(ref('focus_sources')) -%}
        {{- return([]) -}}
    {%- endif -%}
    {%- set query -%}
        select inputs.source_file
        from {{ ref('stg_files__inputs') }} as inputs
        left join {{ ref('focus_sources') }} as focus_sources on inputs.source = focus_sources.source
        where {{ focus_files() }} and coalesce(focus_sources.delivery, 'overwrite') in ('overwrite', 'append')
        qualify count(*) over (partition by coalesce(inputs.source, ''), inputs.size_bytes) > 1
        order by inputs.source_file
    {%- endset -%}
    {{- return(run_query(query).columns[0].values()) -}}
{% endmacro %}

{# Rows of files that hold running totals, such as LiteLLM's hourly files of a day: of the rows that agree in everything
   but their amounts, those of the newest file count, and all others are marked as superseded. #}
{% macro last_of_running_totals(relation, files) %}
    {%- set amounts = [
        'BilledCost', 'EffectiveCost', 'ContractedCost', 'ListCost', 'ConsumedQuantity', 'PricingQuantity', 'UsageQuantity',
        'ContractedUnitPrice', 'ListUnitPrice', 'PricingCurrencyEffectiveCost', 'PricingCurrencyContractedUnitPrice',
        'PricingCurrencyListUnitPrice', 'CommitmentDiscountQuantity'
    ] -%}
    {%- set present = [] -%}
    {%- for file in files -%}
        {%- for column in fromjson(file.column_signature) -%}
            {%- do present.append(column[0] | trim | lower) -%}
        {%- endfor -%}
    {%- endfor -%}
    select
        totals.*,
        files.snapshot_age < max(files.snapshot_age) over (
            partition by
                files.source,
                files.snapshot_scope
                {%- for name in focus_columns() if name | lower in present and name not in amounts %},
                totals.{{ focus_snake_case(name) }}
                {%- endfor %}
        ) as is_superseded
    from {{ relation }} as totals
    inner join {{ ref('stg_focus__files') }} as files on totals.source_file = files.source_file
{% endmacro %}

{% macro list_of_texts(values) -%}
    [{% for value in values %}{{ sql_text(value) }}{{ ', ' if not loop.last }}{% endfor %}]
{%- endmacro %}
