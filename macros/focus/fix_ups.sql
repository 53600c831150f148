{#
    What providers are known to write otherwise than FOCUS says, as small named rules. A rule is put to every row; where
    it applies, its columns get their new value, its name goes into source_changes, and what the file said into
    source_values. Why each rule is there is in seeds/reference/focus_conformance_rules.csv (check_kind source_change).

    [name, when it applies, {column: its new value}]. Rules of one list see the row as the list before left it; no two
    rules of a list change one column of the same row.
#}

{# Words of an older version, or of no version at all. #}
{% macro focus_older_fix_ups() %}
    {{- return([
        (
            'preview_pricing_category', "lower(pricing_category) in ('on-demand', 'commitment-based')",
            {'pricing_category': "case lower(pricing_category) when 'on-demand' then 'Standard' else 'Committed' end"}
        ),
        (
            'preview_charge_subcategory',
            "lower(charge_subcategory) in ('credit', 'refund', 'used commitment', 'unused commitment')",
            {
                'charge_category': "case when lower(charge_subcategory) = 'credit' then 'Credit' else charge_category end",
                'charge_class': "case when lower(charge_subcategory) = 'refund' then 'Correction' else charge_class end",
                'commitment_discount_status': "case lower(charge_subcategory) when 'used commitment' then 'Used'"
                    ~ " when 'unused commitment' then 'Unused' else commitment_discount_status end"
            }
        ),
        (
            'google_rounding_error', "data_generator = 'google' and lower(charge_category) in ('error', 'rounding_error')",
            {'charge_category': "'Adjustment'"}
        )
    ]) -}}
{% endmacro %}

{# Rules about other words, before anything is typed. #}
{% macro focus_text_fix_ups() %}
    {%- set ids = ['billing_account_id', 'sub_account_id', 'resource_id', 'commitment_discount_id', 'capacity_reservation_id'] -%}
    {%- set placeholders = [
        'sub_account_name', 'invoice_id', 'resource_name', 'region_id', 'region_name', 'sku_id', 'sku_price_id'
    ] -%}
    {%- set placeholder = "lower(%s) in ('-2', 'unassigned')" -%}
    {%- set enumerated, odd_case, lower_ids, with_capitals, no_placeholders, is_placeholder = {}, [], {}, [], {}, [] -%}
    {%- for column, values in focus_enumerations().items() -%}
        {%- set words = "('" ~ values | join("', '") ~ "')" -%}
        {%- do odd_case.append("(lower(" ~ column ~ ") in " ~ words | lower ~ " and " ~ column ~ " not in " ~ words ~ ")") -%}
        {%- set arms = [] -%}
        {%- for value in values -%} {%- do arms.append("when '" ~ value | lower ~ "' then '" ~ value ~ "'") -%} {%- endfor -%}
        {%- do enumerated.update({column: "case lower(" ~ column ~ ") " ~ arms | join(' ') ~ " else " ~ column ~ " end"}) -%}
    {%- endfor -%}
    {%- for column in ids -%}
        {%- do with_capitals.append(column ~ ' != lower(' ~ column ~ ')') -%}
        {%- do lower_ids.update({column: 'lower(' ~ column ~ ')'}) -%}
    {%- endfor -%}
    {%- for column in placeholders -%}
        {%- do is_placeholder.append(placeholder | replace('%s', column)) -%}
        {%- do no_placeholders.update(
            {column: 'case when ' ~ placeholder | replace('%s', column) ~ ' then null else ' ~ column ~ ' end'}
        ) -%}
    {%- endfor -%}
    {{- return([
        ('enumeration_case', odd_case | join(' or '), enumerated),
        (
            'tags_from_array', "json_valid(tags) and left(ltrim(tags), 1) = '['",
            {'tags': tags_of_array('tags')}
        ),
        ('azure_placeholders', "data_generator = 'microsoft' and (" ~ is_placeholder | join(' or ') ~ ")", no_placeholders),
        ('azure_lower_case_ids', "data_generator = 'microsoft' and (" ~ with_capitals | join(' or ') ~ ")", lower_ids)
    ]) -}}
{% endmacro %}

{# Rules about numbers and times, once they are typed. #}
{% macro focus_value_fix_ups() %}
    {%- set azure = "data_generator = 'microsoft' and " -%}
    {%- set costs = "coalesce(effective_cost, billed_cost, 0)" -%}
    {%- set has_cost = "(" ~ costs ~ " != 0 or billed_cost != 0)" -%}
    {%- set zeros, is_zero = {}, [] -%}
    {%- for column in ['list_cost', 'contracted_cost', 'list_unit_price', 'contracted_unit_price', 'pricing_quantity'] -%}
        {%- do is_zero.append(column ~ ' = 0') -%}
        {%- do zeros.update({column: 'nullif(' ~ column ~ ', 0)'}) -%}
    {%- endfor -%}
    {%- set superseded = {} -%}
    {%- for column in [
        'billed_cost', 'effective_cost', 'contracted_cost', 'list_cost', 'consumed_quantity', 'pricing_quantity'
    ] -%}
        {%- do superseded.update({column: 'case when ' ~ column ~ ' is not null then 0 end'}) -%}
    {%- endfor -%}
    {{- return([
        ('superseded_by_later_file', 'is_superseded', superseded),
        (
            'azure_commitment_purchase',
            azure ~ "charge_category = 'Purchase' and commitment_discount_id is not null and " ~ costs ~ " != 0",
            {'effective_cost': '0'}
        ),
        (
            'azure_commitment_purchase_frequency',
            azure ~ "charge_category = 'Purchase' and commitment_discount_id is not null and charge_frequency = 'Usage-Based'",
            {'charge_frequency': "'Recurring'"}
        ),
        (
            'azure_commitment_usage_category',
            azure ~ "charge_category = 'Usage' and commitment_discount_status is not null and pricing_category = 'Standard'",
            {'pricing_category': "'Committed'"}
        ),
        (
            'azure_quantity_not_consumed',
            azure ~ "consumed_quantity is not null and (charge_category != 'Usage' or commitment_discount_status = 'Unused')",
            {'consumed_quantity': 'null', 'consumed_unit': 'null'}
        ),
        ('azure_zero_for_null', azure ~ has_cost ~ " and (" ~ is_zero | join(' or ') ~ ")", zeros),
        (
            'azure_billing_period', azure ~ "billing_period_start != date_trunc('month', billing_period_start)",
            month_of_billing_period("billing_period_start")
        ),
        (
            'google_credits_added', "google_credits != 0 and credits_are = 'separate'",
            {
                'effective_cost': 'coalesce(effective_cost, billed_cost) + google_credits',
                'billed_cost': 'case when billed_cost = coalesce(effective_cost, billed_cost)'
                    ~ ' then billed_cost + google_credits else billed_cost end'
            }
        ),
        ('google_credits_unknown', "google_credits != 0 and credits_are is null", {}),
        (
            'google_billing_period',
            "data_generator = 'google' and billing_period_start != date_trunc('month', billing_period_start)"
            ~ " and " ~ local_time('billing_period_start', 'America/Los_Angeles') ~ " = date_trunc('month', "
            ~ local_time('billing_period_start', 'America/Los_Angeles') ~ ")",
            month_of_billing_period(local_time('billing_period_start', 'America/Los_Angeles'))
        ),
        (
            'tencent_billing_period',
            "data_generator = 'tencent' and billing_period_start != date_trunc('month', billing_period_start)"
            ~ " and " ~ local_time('billing_period_start', 'Asia/Shanghai') ~ " = date_trunc('month', "
            ~ local_time('billing_period_start', 'Asia/Shanghai') ~ ")",
            month_of_billing_period(local_time('billing_period_start', 'Asia/Shanghai'))
        ),
        (
            'inclusive_charge_period_end', "minute(charge_period_end) = 59 and second(charge_period_end) = 59",
            {'charge_period_end': "date_trunc('second', charge_period_end) + interval 1 second"}
        )
    ]) -}}
{% endmacro %}

{% macro focus_fix_ups() -%}
    {{- return(focus_older_fix_ups() + focus_text_fix_ups() + focus_value_fix_ups()) -}}
{%- endmacro %}

{# What staging reads without changing what is meant, but in a form that a reader could take otherwise: only recorded. #}
{% macro focus_format_notes() %}
    {%- set times = ['billing_period_start', 'billing_period_end', 'charge_period_start', 'charge_period_end'] -%}
    {%- set numbers = ['billed_cost', 'effective_cost', 'contracted_cost', 'list_cost', 'consumed_quantity'] -%}
    {{- return([
        ('null_as_text', ['has_null_as_text'], []),
        ('month_first_date', format_conditions(times, "contains(%s, '/')"), times),
        (
            'time_without_seconds',
            format_conditions(times, "length(%s) >= 16 and substr(%s, 17, 1) != ':' and not contains(%s, '/')"), []
        ),
        ('hour_beyond_23', format_conditions(times, "substr(%s, 12, 2) >= '24' and substr(%s, 14, 1) = ':'"), times),
        (
            'number_with_symbols',
            format_conditions(numbers, "regexp_matches(left(%s, 2), '[$€£¥]') or contains(%s, ',')"), numbers
        ),
        ('beyond_eighteen_decimals', format_conditions(numbers, beyond_eighteen_decimals('%s')), numbers)
    ]) -}}
{% endmacro %}

{% macro format_conditions(columns, condition) %}
    {%- set conditions = [] -%}
    {%- for column in columns -%} {%- do conditions.append(condition | replace('%s', 'given_' ~ column)) -%} {%- endfor -%}
    {{- return(conditions) -}}
{% endmacro %}

{# Only long texts and E-notation can have more than eighteen decimals; the comparison is dear and is made for them alone. #}
{% macro beyond_eighteen_decimals(text) -%}
    case
        when length({{ text }}) > 19 or contains(lower({{ text }}), 'e-')
            then
                coalesce(
                    try_cast({{ text }} as decimal(38, 36))
                    != try_cast(try_cast({{ text }} as {{ money_type() }}) as decimal(38, 36)),
                    regexp_matches({{ text }}, '\.\d{18}\d*[1-9]')
                )
    end
{%- endmacro %}

{% macro local_time(time, zone) -%} ({{ time }} at time zone 'UTC' at time zone '{{ zone }}') {%- endmacro %}

{% macro month_of_billing_period(local) %}
    {{- return({
        'billing_period_start': "date_trunc('month', " ~ local ~ ")",
        'billing_period_end': "date_trunc('month', " ~ local ~ ") + interval 1 month"
    }) -}}
{% endmacro %}

{# Values of the enumerated columns, as FOCUS spells them. #}
{% macro focus_enumerations() %}
    {{- return({
        'charge_category': ['Usage', 'Purchase', 'Tax', 'Credit', 'Adjustment'],
        'charge_class': ['Correction'],
        'charge_frequency': ['One-Time', 'Recurring', 'Usage-Based'],
        'pricing_category': ['Standard', 'Dynamic', 'Committed', 'Other'],
        'commitment_discount_category': ['Spend', 'Usage'],
        'commitment_discount_status': ['Used', 'Unused'],
        'capacity_reservation_status': ['Used', 'Unused']
    }) -}}
{% endmacro %}

{# [{"key": "team", "value": "ml"}], as Google writes tags, as {"team": "ml"}; of a key that is there twice the first. #}
{% macro tags_of_array(tags) -%}
    cast(to_json(list_transform(
        [list_transform(
            from_json({{ tags }}, '["json"]'),
            lambda tag: {
                'name': coalesce(tag ->> 'key', tag ->> 'Key', ''), 'text': coalesce(tag ->> 'value', tag ->> 'Value')
            }
        )],
        lambda entries: map_from_entries(list_transform(
            list_sort(list_distinct(list_transform(entries, lambda entry: entry.name))),
            lambda name: {
                'key': name,
                'value': entries[list_position(list_transform(entries, lambda entry: entry.name), name)].text
            }
        ))
    )[1]) as varchar)
{%- endmacro %}

{# The sum of the credits that Google's view keeps in an array of their own. #}
{% macro sum_of_google_credits(credits) -%}
    case
        when json_valid({{ credits }})
            then list_sum(list_transform(
                from_json({{ credits }}, '["json"]'),
                lambda credit: coalesce(
                    try_cast(coalesce(credit ->> 'Amount', credit ->> 'amount') as {{ money_type() }}), 0
                )
            ))
    end
{%- endmacro %}

{#
    Whether EffectiveCost already includes the credits: the copies of Google's view differ, and to add them twice is as
    wrong as not at all. What the charge costs before credits is price times quantity, or ContractedCost where that is
    another number than EffectiveCost; the reading that comes within a hundredth of the credits is the right one. Null
    where neither does: seeds/config/focus_sources.csv can say it.
#}
{% macro google_credits_are() -%}
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

{# The columns that any rule may change: their text is kept beside them. #}
{% macro focus_changeable_columns() %}
    {%- set columns = ['tags'] -%}
    {%- for rule in focus_fix_ups() -%}
        {%- for column in rule[2] if column not in columns -%} {%- do columns.append(column) -%} {%- endfor -%}
    {%- endfor -%}
    {%- for note in focus_format_notes() -%}
        {%- for column in note[2] if column not in columns -%} {%- do columns.append(column) -%} {%- endfor -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}

{# What the file said, beside what becomes of it. #}
{% macro keep_given(relation) %}
    select
        *,
        {%- for column in focus_changeable_columns() %}
        {{ column }} as given_{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
{% endmacro %}

{# An empty text is the usual way to say nothing; a blank or a word in its place is not. #}
{% macro has_null_as_text() -%}
    (
        {%- for name in focus_columns() %}
        {%- set column = focus_snake_case(name) %}
        {{ 'or ' if not loop.first }}coalesce({{ column }} != '' and {{ present_text(column) }} is null, false)
        {%- endfor %}
    )
{%- endmacro %}

{# Selects the relation with a boolean applies_<rule> for each rule. #}
{% macro judge_fix_ups(relation, rules) %}
    select
        *,
        {%- for name, applies, sets in rules %}
        coalesce({{ applies }}, false) as applies_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
{% endmacro %}

{# Selects the judged relation with what the rules set. #}
{% macro apply_fix_ups(relation, rules) %}
    {%- set columns = {} -%}
    {%- for name, applies, sets in rules -%}
        {%- for column, value in sets.items() -%}
            {%- do columns.setdefault(column, []).append((name, value)) -%}
        {%- endfor -%}
    {%- endfor %}
    select
        * replace (
            {%- for column, values in columns.items() %}
            case
                {%- for name, value in values %}
                when applies_{{ name }} then {{ value }}
                {%- endfor %}
                else {{ column }}
            end as {{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
    from {{ relation }}
{% endmacro %}

{# The names of the rules that changed a row or noted something, as a list. #}
{% macro fix_up_names() -%}
    {%- for name, applies, sets in focus_fix_ups() %}
            case when applies_{{ name }} then '{{ name }}' end,
    {%- endfor -%}
    {%- for name, conditions, columns in focus_format_notes() %}
            case when {{ conditions | join(' or ') }} then '{{ name }}' end{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# What the file said in each column that a rule changed, as a JSON object by FOCUS name; null where nothing was. #}
{% macro given_values() -%}
    {%- set conditions = {} -%}
    {%- set typed = focus_typed_columns() -%}
    {%- for name, applies, sets in focus_fix_ups() -%}
        {%- for column in sets -%}
            {%- set applied = 'applies_' ~ name -%}
            {%- set given = 'given_' ~ column -%}
            {%- if column in typed -%}
                {%- set given = parse_timestamp(given) if '_period_' in column else parse_decimal(given) -%}
            {%- endif -%}
            {%- do conditions.setdefault(column, []).append(applied ~ ' and ' ~ given ~ ' is distinct from ' ~ column) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for name, noted, columns in focus_format_notes() -%}
        {%- for column in columns -%} {%- do conditions.setdefault(column, []).append(noted[loop.index0]) -%} {%- endfor -%}
    {%- endfor -%}
    {%- do conditions.setdefault('tags', []).append('not json_valid(given_tags)') -%}
    case
        when len(source_changes) > 0
            then nullif(cast(to_json(map_from_entries(list_filter([
                {%- for name in focus_columns() if focus_snake_case(name) in conditions %}
                {%- set column = focus_snake_case(name) %}
                {
                    'column_name': '{{ name }}',
                    'given': case when {{ conditions[column] | join(' or ') }} then given_{{ column }} end
                }{{ ',' if not loop.last }}
                {%- endfor %}
            ], lambda change: change.given is not null))) as varchar), '{}')
    end
{%- endmacro %}

{# The columns that are no text. #}
{% macro focus_typed_columns() %}
    {{- return([
        'billed_cost', 'effective_cost', 'contracted_cost', 'list_cost', 'consumed_quantity', 'pricing_quantity',
        'list_unit_price', 'contracted_unit_price', 'billing_period_start', 'billing_period_end',
        'charge_period_start', 'charge_period_end'
    ]) -}}
{% endmacro %}
