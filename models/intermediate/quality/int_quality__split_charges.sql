{# A part carries what its charge says, but for the resource that it is for, and perhaps its tags. #}
{% set names = charge_names() | reject('equalto', 'allocated_resource_id') | list %}

with files as (

    select * from {{ ref('stg_focus__files') }}
    where is_current and array_contains(column_names, 'allocatedresourceid')

),

excluded as (

    select * from {{ ref('int_costs__charge_matches') }}
    where treatment = 'excluded'

),

charges as (

    select
        *,
        {{ charge_attribute_key() }} as attribute_key,
        {{ stable_id("concat_ws(chr(31), coalesce(sku_price_id, sku_id, sku_meter, ''), "
            ~ columns(names, "coalesce({0}, '')", ', ') ~ ')') }} as identity,
        case
            when allocated_resource_id is not null then 'part'
            when allocated_method_id is not null then 'rest'
            else 'whole'
        end as role,
        cast(charge_period_start as date) as date_day
    from {{ ref('stg_focus__charges') }}
    where source_file in (select source_file from files) and effective_cost != 0

),

counted as (

    select charges.*
    from charges
    left join excluded
        on charges.attribute_key = excluded.attribute_key and {{ in_effect('excluded', 'charges.date_day') }}
    where excluded.attribute_key is null

),

-- a charge and its parts on a day
split_days as (

    select
        source,
        identity,
        date_day,
        min(source_file) as source_file,
        min(resource_id) as resource_id,
        sum(case when role = 'part' then effective_cost end) as parts,
        coalesce(sum(case when role = 'rest' then effective_cost end), 0) as rest,
        coalesce(sum(case when role = 'whole' then effective_cost end), 0) as whole,
        min(case when role = 'part' then charge_period_start end) as parts_from,
        max(case when role = 'part' then charge_period_end end) as parts_until,
        min(case when role != 'part' then charge_period_start end) as whole_from,
        max(case when role != 'part' then charge_period_end end) as whole_until
    from counted
    group by source, identity, date_day
    having count(case when role = 'part' then 1 end) > 0

),

-- what nobody was given is the rest; where nothing else is whole, a row of the method may be the whole, and not the rest
compared as (

    select
        *,
        case when whole = 0 then rest else whole end as whole_cost,
        case when whole = 0 then parts else parts + rest end as parts_cost
    from split_days

),

judged as (

    select
        *,
        count(*) over (partition by source, identity) as days,
        case
            when whole_cost = 0 or whole_from >= parts_until or whole_until <= parts_from then 0
            when abs(whole_cost - parts_cost) <= 0.00001 * abs(whole_cost) then 1
            else 0
        end as is_twice
    from compared

),

-- the rest may by chance be as much as the parts: it is no sign on less than half of a thing's days
settled as (

    select
        *,
        is_twice = 1 and sum(is_twice) over (partition by source, identity) * 2 >= days as is_violated
    from judged

),

by_source as (

    select
        source,
        count(*) as checked_count,
        count(case when is_violated then 1 end) as violating_count,
        min(case when is_violated then source_file end) as example_source_file,
        min(
            case
                when is_violated
                    then coalesce(resource_id, '(null)') || ' on ' || cast(date_day as string) || ': '
                        || cast(cast(whole_cost as decimal(38, 2)) as string) || ' beside its parts'
            end
        ) as example_value,
        sum(case when is_violated then abs(whole_cost) end) as touched_cost
    from settled
    group by source

)

select
    by_source.source,
    rules.rule_id,
    rules.column_name,
    rules.check_kind,
    rules.severity,
    rules.is_sign_of_trouble,
    case when by_source.violating_count > 0 then 'violated' else 'met' end as status,
    rules.rule,
    rules.reason,
    by_source.example_source_file,
    by_source.example_value,
    cast(by_source.checked_count as bigint) as checked_count,
    cast(by_source.violating_count as bigint) as violating_count,
    cast(coalesce(by_source.touched_cost, 0) as {{ money_type() }}) as touched_cost,
    cast(null as bigint) as example_row
from by_source
inner join {{ ref('focus_conformance_rules') }} as rules on rules.rule_id = 'split_replaces_its_charge'
