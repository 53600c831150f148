with rules as (

    select
        priority,
        source,
        column_name,
        tag_key,
        operator,
        value,
        treatment,
        target,
        valid_from,
        valid_to
    from {{ ref('cost_rules') }}

),

eras as (

    select
        valid_from,
        valid_to
    from {{ ref('int_costs__rule_eras') }}

),

known_targets as (

    select distinct
        'direct' as treatment,
        deployment_id as target,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to
    from {{ ref('deployments') }}
    union all
    select
        'pool' as treatment,
        pool_id as target,
        valid_from,
        valid_to
    from {{ ref('capacity_pools') }}
    union all
    select
        'shared' as treatment,
        pool_id as target,
        valid_from,
        valid_to
    from {{ ref('shared_pools') }}

),

compared as (

    select
        attributes.attribute_key,
        rules.priority,
        rules.operator,
        rules.value as pattern,
        rules.treatment,
        rules.target,
        rules.valid_from,
        rules.valid_to,
        {{ attribute_value('attributes', 'rules') }} as value
    from {{ ref('int_costs__charge_attributes') }} as attributes
    inner join rules on attributes.source = coalesce(rules.source, attributes.source)
    where {{ value_matches(attribute_value('attributes', 'rules'), 'rules') }}

),

-- $value is the matched text, or what the first parentheses of a regex caught
targeted as (

    select
        attribute_key,
        priority,
        treatment,
        valid_from,
        valid_to,
        case
            when target != '$value' then target
            when operator = 'regex' and pattern like '%(%'
                then coalesce(nullif(regexp_extract(value, pattern, 1), ''), value)
            else value
        end as target
    from compared

),

-- a value that names nothing known, or a pool that is not in effect, does not match: the next rule has its turn, and the
-- name is shown. No rule and no pool begins or ends within an era.
checked as (

    select
        targeted.attribute_key,
        eras.valid_from,
        targeted.priority,
        targeted.treatment,
        targeted.target,
        targeted.treatment = 'excluded' or known_targets.target is not null as is_known
    from targeted
    inner join eras on {{ in_effect('targeted', 'eras.valid_from') }}
    left join known_targets
        on
            targeted.treatment = known_targets.treatment
            and targeted.target = known_targets.target
            and {{ in_effect('known_targets', 'eras.valid_from') }}

),

first_matches as (

    select
        attribute_key,
        valid_from,
        min(priority) filter (where is_known) as rule_priority,
        min_by(treatment, priority) filter (where is_known) as treatment,
        min_by(target, priority) filter (where is_known and target is not null) as target,
        min_by(target, priority) filter (where not is_known and target is not null) as unknown_target
    from checked
    group by attribute_key, valid_from

)

select
    attributes.attribute_key,
    coalesce(first_matches.treatment, 'unallocated') as treatment,
    coalesce(first_matches.target, '(unallocated)') as target,
    first_matches.unknown_target,
    first_matches.rule_priority,
    eras.valid_from,
    eras.valid_to
from {{ ref('int_costs__charge_attributes') }} as attributes
cross join eras
left join first_matches
    on attributes.attribute_key = first_matches.attribute_key and eras.valid_from = first_matches.valid_from
