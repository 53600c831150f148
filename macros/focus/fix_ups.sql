{# Pieces of the fix-ups in base_focus__conformed_charges that several of them need. #}

{# The provider that a name is of; null where it is of none whose exports need a fix-up. #}
{% macro provider_by_name(name) -%}
    case
        when {{ matches('lower(' ~ name ~ ')', "'microsoft|^azure'") }} then 'microsoft'
        when {{ matches('lower(' ~ name ~ ')', "'^(aws|amazon)'") }} then 'aws'
        when {{ matches('lower(' ~ name ~ ')', "'^(google|gcp)'") }} then 'google'
        when {{ matches('lower(' ~ name ~ ')', "'^(oracle|oci($|[^a-z]))'") }} then 'oracle'
        when lower({{ name }}) like 'tencent%' then 'tencent'
    end
{%- endmacro %}

{# What Azure writes for a name or id that is not there. #}
{% macro without_placeholder(column) -%}
    case when azure_placeholders and lower({{ column }}) in ('-2', 'unassigned') then null else {{ column }} end
{%- endmacro %}

{# Whether a time is no beginning of a month in UTC, but is one by the clock of a zone. #}
{% macro is_local_month(time, zone) -%}
    (
        {{ time }} != date_trunc('month', {{ time }})
        and {{ local_time(time, zone) }} = date_trunc('month', {{ local_time(time, zone) }})
    )
{%- endmacro %}

{# The sum of the credits that Google's view keeps in an array of their own, plain or nested as Parquet writes it; null where there is
   none, and where one of them has no amount that can be read. #}
{% macro sum_of_credits(credits) -%}
    case
        when {{ is_json(credits) }} and left(ltrim({{ credits }}), 1) = '['
            then {{ sum_of_credit_list(json_elements(credits)) }}
        when {{ is_json(credits) }} and contains({{ credits }}, '"element"')
            then {{ sum_of_credit_list(json_elements(credits, '$.list[*].element')) }}
    end
{%- endmacro %}

{% macro sum_of_credit_list(entries) -%}
    {%- set amount = parse_decimal(
        'coalesce(' ~ json_field('credit', 'Amount') ~ ', ' ~ json_field('credit', 'amount') ~ ')'
    ) -%}
    case
        when {{ length_of(list_where(entries, 'credit', amount ~ ' is null')) }} = 0
            then {{ sum_of_list(entries, 'credit', amount, money_type()) }}
    end
{%- endmacro %}

{# Whether credits are written as a list, or an object, that has nothing in it. #}
{% macro has_no_credits(credits) -%}
    {{ matches_all(credits, "'\\s*(\\[\\s*\\]|[{]\\s*(\"list\"\\s*:\\s*(null|\\[\\s*\\])\\s*)?[}])\\s*'") }}
{%- endmacro %}

{#
    Whether EffectiveCost already includes the credits: the copies of Google's view differ, and to add them twice is as
    wrong as not at all. What the charge costs before credits is price times quantity, or ContractedCost where that is
    another number than EffectiveCost; the reading that comes within a hundredth of the credits is the right one. Null
    where neither does: seeds/config/focus_sources.csv can say it.
#}
{% macro credits_are() -%}
    {%- set before = 'coalesce(cast(contracted_unit_price as double) * cast(pricing_quantity as double),'
        ~ ' cast(nullif(contracted_cost, effective_cost) as double))' -%}
    {%- set effective = 'cast(coalesce(effective_cost, billed_cost) as double)' -%}
    {%- set credits = 'cast(google_credits as double)' -%}
    case
        when declared_credits is not null then declared_credits
        when abs({{ effective }} - {{ before }}) <= 0.01 * abs({{ credits }}) then 'separate'
        when abs({{ effective }} - {{ before }} - {{ credits }}) <= 0.01 * abs({{ credits }}) then 'included'
    end
{%- endmacro %}

{# One entry of source_values: what the file said in a column, where it is another value than what is there now. #}
{% macro changed_text(name, column) -%}
    {{ struct_of({
        'key': "'" ~ name ~ "'",
        'value': 'case when given_' ~ column ~ ' is distinct from ' ~ column ~ ' then given_' ~ column ~ ' end'
    }) }}
{%- endmacro %}

{% macro changed_number(name, column) -%}
    {{ struct_of({
        'key': "'" ~ name ~ "'",
        'value': 'case when try_cast(given_' ~ column ~ ' as ' ~ money_type() ~ ') is distinct from ' ~ column
            ~ ' or ' ~ beyond_eighteen_decimals('given_' ~ column) ~ ' then given_' ~ column ~ ' end'
    }) }}
{%- endmacro %}

{% macro changed_time(name, column) -%}
    {{ struct_of({
        'key': "'" ~ name ~ "'",
        'value': 'case when ' ~ parse_plain_time('given_' ~ column) ~ ' is distinct from ' ~ column
            ~ ' then given_' ~ column ~ ' end'
    }) }}
{%- endmacro %}

{# A time that is written as ISO 8601 says, with or without seconds. #}
{% macro parse_plain_time(text) -%}
    case
        when {{ text }} like '____-__-__%'
            then coalesce(
                {{ time_of_text(text) }},
                {{ time_without_seconds(text) }}
            )
    end
{%- endmacro %}
