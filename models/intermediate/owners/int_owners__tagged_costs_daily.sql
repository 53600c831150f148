with owners as (

    select
        priority,
        match_key,
        match_value,
        valid_from,
        valid_to
    from {{ ref('cost_owners') }}
    where match_type = 'tag'

),

matches as (

    select
        attribute_key,
        case when treatment = 'direct' then target else '(' || treatment || ')' end as deployment_id,
        valid_from,
        valid_to
    from {{ ref('int_costs__charge_matches') }}
    where treatment in ('direct', 'excluded', 'unallocated')

),

-- the tags of a kind of charge, and from when to when a row of the seed names them
tagged as (

    select distinct
        attributes.attribute_key,
        case
            when attributes.commitment_discount_status = 'Unused' or attributes.capacity_reservation_status = 'Unused'
                then 'unused_commitment'
            else 'usage'
        end as cost_origin,
        owners.priority,
        owners.valid_from,
        owners.valid_to
    from {{ ref('int_costs__charge_attributes') }} as attributes
    inner join owners on {{ text_in_json('attributes.tags', 'owners.match_key') }} = owners.match_value

),

charges as (

    select
        source,
        billing_currency,
        attribute_key,
        sum(effective_cost) as effective_cost,
        date_day
    from {{ ref('int_costs__scheduled_charges_daily') }}
    where attribute_key in (select attribute_key from tagged)
    group by source, billing_currency, attribute_key, date_day

),

-- of several tags that rows name, the first row's counts
first_tags as (

    select
        charges.source,
        charges.billing_currency,
        charges.attribute_key,
        min(tagged.cost_origin) as cost_origin,
        min(tagged.priority) as priority,
        charges.effective_cost,
        charges.date_day
    from charges
    inner join tagged on charges.attribute_key = tagged.attribute_key and {{ in_effect('tagged', 'charges.date_day') }}
    group by
        charges.source, charges.billing_currency, charges.attribute_key, charges.effective_cost, charges.date_day

),

placed as (

    select
        first_tags.date_day,
        first_tags.source,
        first_tags.billing_currency,
        matches.deployment_id,
        first_tags.cost_origin,
        first_tags.priority,
        cast(sum(first_tags.effective_cost) as {{ money_type() }}) as effective_cost
    from first_tags
    inner join matches
        on first_tags.attribute_key = matches.attribute_key and {{ in_effect('matches', 'first_tags.date_day') }}
    group by
        first_tags.date_day,
        first_tags.source,
        first_tags.billing_currency,
        matches.deployment_id,
        first_tags.cost_origin,
        first_tags.priority

),

converted as (

    select
        placed.*,
        {{ in_reporting_currency(
            'placed.effective_cost', 'placed.billing_currency', 'placed.date_day', 'placed.source', 'rates.rate'
        ) }} as reporting_cost
    from placed
    left join {{ ref('int_costs__exchange_rates') }} as rates
        on
            placed.billing_currency = rates.from_currency
            and placed.date_day >= rates.rate_date
            and placed.date_day < rates.next_rate_date

)

select
    date_day,
    source,
    deployment_id,
    cost_origin,
    priority,
    cast(sum(reporting_cost) as {{ money_type() }}) as effective_cost
from converted
group by date_day, source, deployment_id, cost_origin, priority
