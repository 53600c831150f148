with attributes as (

    select
        *,
        {{ is_consumption() }} as is_consumption,
        coalesce(sku_meter, sku_id, charge_description, consumed_unit, '(null)') as meter
    from {{ ref('int_costs__charge_attributes') }}

),

matches as (

    select * from {{ ref('int_costs__charge_matches') }}
    where treatment = 'direct'

),

token_meters as (

    select * from {{ ref('int_costs__token_meters') }}

),

token_units as (

    select * from {{ ref('int_costs__token_units') }}

),

rules as (

    select * from {{ ref('focus_conformance_rules') }}

),

sku_meters as (

    select
        row_number() over (order by source, column_name, operator, value, valid_from) as row_key,
        source,
        column_name,
        cast(null as string) as tag_key,
        operator,
        value,
        unit_multiplier,
        deployment_id,
        valid_from
    from {{ ref('sku_meters') }}

),

costs as (

    select
        attribute_key,
        sum(abs(effective_cost)) as touched_cost
    from {{ ref('int_costs__charges_daily') }}
    group by attribute_key

),

-- which row of sku_meters is about which charges
named as (

    select
        sku_meters.row_key,
        sku_meters.value,
        sku_meters.unit_multiplier,
        sku_meters.deployment_id,
        attributes.source,
        attributes.attribute_key,
        attributes.consumed_unit
    from attributes
    inner join sku_meters on attributes.source = coalesce(sku_meters.source, attributes.source)
    where {{ value_matches(attribute_value('attributes', 'sku_meters'), 'sku_meters') }}

),

named_rows as (

    select distinct row_key from named

),

looked_at as (

    select
        attributes.source,
        'token_unit_readable' as rule_id,
        attributes.attribute_key,
        null as row_key,
        token_meters.unit_multiplier is null as is_violated,
        attributes.meter || ' in ' || coalesce(attributes.consumed_unit, '(null)') as example_value
    from token_meters
    inner join attributes on token_meters.attribute_key = attributes.attribute_key
    where
        attributes.is_consumption
        and not {{ matches("lower(coalesce(attributes.consumed_unit, ''))", "'hour|hrs'") }}
    union all
    select
        named.source,
        'token_unit_as_multiplied' as rule_id,
        named.attribute_key,
        null as row_key,
        token_units.tokens != named.unit_multiplier as is_violated,
        named.value || ': ' || named.unit_multiplier || ' in ' || named.consumed_unit as example_value
    from named
    inner join token_units on named.consumed_unit = token_units.consumed_unit
    where named.unit_multiplier is not null and token_units.tokens is not null and not token_units.is_of_the_meter
    union all
    select
        named.source,
        'token_meter_of_rule' as rule_id,
        named.attribute_key,
        null as row_key,
        matches.target != named.deployment_id as is_violated,
        named.value || ': ' || named.deployment_id || ', and a rule says ' || matches.target as example_value
    from named
    inner join matches on named.attribute_key = matches.attribute_key
    where named.deployment_id is not null
    union all
    select
        coalesce(sku_meters.source, '(any)') as source,
        'sku_meter_of_a_charge' as rule_id,
        null as attribute_key,
        sku_meters.row_key,
        named_rows.row_key is null as is_violated,
        sku_meters.column_name || ' ' || sku_meters.value as example_value
    from sku_meters
    left join named_rows on sku_meters.row_key = named_rows.row_key

),

-- eras of rules repeat what was looked at
by_charge as (

    select distinct
        source,
        rule_id,
        attribute_key,
        row_key,
        is_violated,
        case when is_violated then example_value end as example_value
    from looked_at

),

findings as (

    select
        by_charge.source,
        by_charge.rule_id,
        count(*) as checked_count,
        count(*) filter (where by_charge.is_violated) as violating_count,
        min(by_charge.example_value) as example_value,
        sum(case when by_charge.is_violated then costs.touched_cost end) as touched_cost
    from by_charge
    left join costs on by_charge.attribute_key = costs.attribute_key
    group by by_charge.source, by_charge.rule_id
    union all
    select
        source,
        'token_kind_known' as rule_id,
        count(distinct meter) as checked_count,
        count(distinct meter) as violating_count,
        min(meter) as example_value,
        sum(abs(effective_cost)) as touched_cost
    from {{ ref('int_costs__unnamed_token_charges_daily') }}
    group by source
    union all
    select
        source,
        'reversal_has_quantity' as rule_id,
        count(*) as checked_count,
        count(*) filter (where is_reversed) as violating_count,
        min(case when is_reversed then cast(date_day as string) || ': ' || unit || ' of ' || deployment_id end)
            as example_value,
        sum(case when is_reversed then used_cost_billing_currency end) as touched_cost
    from {{ ref('int_costs__meter_lines_daily') }}
    group by source

)

select
    findings.source,
    findings.rule_id,
    rules.column_name,
    rules.check_kind,
    rules.severity,
    rules.is_sign_of_trouble,
    case when findings.violating_count > 0 then 'violated' else 'met' end as status,
    rules.rule,
    rules.reason,
    cast(null as string) as example_source_file,
    findings.example_value,
    cast(findings.checked_count as bigint) as checked_count,
    cast(findings.violating_count as bigint) as violating_count,
    cast(coalesce(findings.touched_cost, 0) as {{ money_type() }}) as touched_cost,
    cast(null as bigint) as example_row
from findings
inner join rules on findings.rule_id = rules.rule_id
