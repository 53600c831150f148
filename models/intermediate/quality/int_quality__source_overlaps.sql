with attributes as (

    select
        attribute_key,
        source,
        {{ names_a_thing() }} as is_named,
        {{ stable_id(identity_of_charge(charge_names())) }} as identity
    from {{ ref('int_costs__charge_attributes') }}

),

excluded as (

    select * from {{ ref('int_costs__charge_matches') }}
    where treatment = 'excluded'

),

-- most sources share nothing, and no day of theirs is looked at
identities_of_several as (

    select identity
    from attributes
    group by identity
    having count(distinct source) > 1

),

sources_of_several as (

    select distinct attributes.source
    from attributes
    inner join identities_of_several on attributes.identity = identities_of_several.identity

),

-- what a source says that a thing cost on a day; a copy that a rule excludes counts once
stated as (

    select
        attributes.source,
        attributes.identity,
        attributes.is_named,
        charges.billing_currency,
        sum(charges.effective_cost) as effective_cost,
        charges.date_day
    from {{ ref('int_costs__charges_daily') }} as charges
    inner join attributes on charges.attribute_key = attributes.attribute_key
    inner join sources_of_several on attributes.source = sources_of_several.source
    left join excluded
        on charges.attribute_key = excluded.attribute_key and {{ in_effect('excluded', 'charges.date_day') }}
    where excluded.attribute_key is null
    group by attributes.source, attributes.identity, attributes.is_named, charges.billing_currency, charges.date_day
    having sum(charges.effective_cost) != 0

),

sizes as (

    select
        source,
        date_day,
        count(*) as charge_count
    from stated
    group by source, date_day

),

-- what has no name of its own is the same only where it costs the same
shared as (

    select
        stated.source,
        others.source as other_source,
        count(*) as charge_count,
        sum(least(abs(stated.effective_cost), abs(others.effective_cost))) as twice_cost,
        stated.date_day
    from stated
    inner join stated as others
        on
            stated.date_day = others.date_day
            and stated.identity = others.identity
            and stated.billing_currency is not distinct from others.billing_currency
            and stated.source < others.source
    where stated.is_named or stated.effective_cost = others.effective_cost
    group by stated.source, others.source, stated.date_day

),

-- a few equal charges are no sign: on a day half of what one of the sources states
repeated as (

    select
        shared.source,
        shared.other_source,
        min(shared.date_day) as first_day,
        max(shared.date_day) as last_day,
        sum(shared.twice_cost) as twice_cost
    from shared
    inner join sizes on shared.source = sizes.source and shared.date_day = sizes.date_day
    inner join sizes as other_sizes
        on shared.other_source = other_sizes.source and shared.date_day = other_sizes.date_day
    where shared.charge_count * 2 >= least(sizes.charge_count, other_sizes.charge_count)
    group by shared.source, shared.other_source

),

-- of each source the other one with which it counts most twice
ranked as (

    select
        *,
        row_number() over (partition by source order by twice_cost desc, other_source) as place
    from repeated

),

said_twice as (

    select
        source,
        source || ' and ' || other_source || ' state the same charges of ' || cast(first_day as string)
        || ' to ' || cast(last_day as string) as example_value,
        twice_cost
    from ranked
    where place = 1

),

sources as (

    select distinct source from attributes

)

select
    sources.source,
    rules.rule_id,
    rules.column_name,
    rules.check_kind,
    rules.severity,
    rules.is_sign_of_trouble,
    case when said_twice.source is not null then 'violated' else 'met' end as status,
    rules.rule,
    rules.reason,
    cast(null as string) as example_source_file,
    said_twice.example_value,
    cast(1 as bigint) as checked_count,
    cast(said_twice.source is not null as bigint) as violating_count,
    cast(coalesce(said_twice.twice_cost, 0) as {{ money_type() }}) as touched_cost,
    cast(null as bigint) as example_row
from sources
inner join {{ ref('focus_conformance_rules') }} as rules on rules.rule_id = 'charge_in_one_source'
left join said_twice on sources.source = said_twice.source
