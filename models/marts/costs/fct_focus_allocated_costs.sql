{{ config(post_hook="{{ write_focus_export() }}") }}

{% set tags = {
    'deployment': 'configurations.deployment_id',
    'environment': 'configurations.environment',
    'workload': 'configurations.workload'
} %}
{% for attribute in deployment_attributes() %}
{% do tags.update({attribute: "nullif(configurations." ~ attribute ~ ", '(none)')"}) %}
{% endfor %}

with charges as (

    select
        charges.date_day,
        charges.source,
        charges.billing_period_start,
        charges.billing_currency,
        charges.attribute_key,
        matches.treatment,
        matches.target,
        matches.rule_priority,
        case
            when attributes.commitment_discount_status = 'Unused' or attributes.capacity_reservation_status = 'Unused'
                then 'unused_commitment'
            else 'usage'
        end as line_origin,
        charges.effective_cost
    from {{ ref('int_costs__scheduled_charges_daily') }} as charges
    inner join {{ ref('int_costs__charge_attributes') }} as attributes
        on charges.attribute_key = attributes.attribute_key
    inner join {{ ref('int_costs__charge_matches') }} as matches
        on charges.attribute_key = matches.attribute_key and {{ in_effect('matches', 'charges.date_day') }}

),

origins as (

    select
        date_day,
        source,
        billing_period_start,
        billing_currency,
        attribute_key,
        treatment,
        target,
        rule_priority,
        line_origin,
        {{ money_to_units('sum(effective_cost)') }} as cost_units
    from charges
    group by
        date_day, source, billing_period_start, billing_currency, attribute_key, treatment, target, rule_priority,
        line_origin

),

line_shares as (

    select * from {{ ref('int_allocation__line_shares_daily') }}

),

receivers as (

    select
        origins.date_day,
        origins.source,
        origins.billing_period_start,
        origins.billing_currency,
        origins.attribute_key,
        origins.treatment,
        origins.target,
        origins.rule_priority,
        origins.cost_units,
        line_shares.deployment_id,
        line_shares.cost_origin,
        line_shares.exit_pool_id,
        line_shares.resource_kind,
        line_shares.allocation_note,
        line_shares.method,
        line_shares.quantity,
        cast(line_shares.share as {{ wide_integer() }}) as share
    from origins
    inner join line_shares
        on
            origins.date_day = line_shares.date_day
            and origins.source = line_shares.source
            and origins.billing_period_start = line_shares.billing_period_start
            and origins.treatment = line_shares.treatment
            and origins.target = line_shares.target
            and origins.line_origin = line_shares.line_origin

),

split_charges as (

    {{ largest_remainder(
        'receivers',
        amount='cost_units',
        weight='share',
        partition_by=['date_day', 'source', 'billing_period_start', 'billing_currency', 'attribute_key'],
        order_by=['deployment_id', 'cost_origin', 'exit_pool_id', 'resource_kind']
    ) }}

),

parts as (

    select
        *,
        cast(share * cast(0.000000000001 as decimal(12, 12)) as decimal(13, 12)) as allocated_ratio,
        case
            when resource_kind = 'accelerator' or method = 'accelerator_hours' then 'Accelerator-Seconds'
            when resource_kind = 'cpu' then 'Core-Seconds'
            when resource_kind in ('memory', 'storage') then 'GiB-Seconds'
            when method = 'tokens' then 'Tokens'
            when method = 'requests' then 'Requests'
            when method = 'direct_cost' then '{{ var('reporting_currency') }} Millionths'
            when method = 'fixed' then 'Billionths'
            when method = 'even' then 'Deployments'
        end as usage_unit,
        case when exit_pool_id not in ('(none)', '(unallocated)', target) then exit_pool_id end as through_pool
    from split_charges

),

billing_periods as (

    select source, billing_period_start, max(billing_period_end) as billing_period_end
    from {{ ref('int_costs__charges_daily') }}
    group by source, billing_period_start

),

attributes as (

    select * from {{ ref('int_costs__charge_attributes') }}

),

configurations as (

    select * from {{ ref('int_unit_economics__deployment_configurations') }}

)

select
    case
        when parts.treatment not in ('excluded', 'unallocated')
            then '{"Elements":[{"AllocatedRatio":' || {{ json_of_share('parts.allocated_ratio') }}
                || ',"UsageUnit":' || {{ json_of_text('parts.usage_unit') }}
                || ',"UsageQuantity":' || coalesce(cast(parts.quantity as string), 'null')
                || '}],"x_Pool":' || {{ json_of_text('nullif(parts.target, parts.deployment_id)') }}
                || ',"x_ThroughPool":' || {{ json_of_text('parts.through_pool') }} || '}'
    end as allocated_method_details,
    case
        when parts.treatment = 'direct' then parts.method
        when parts.treatment in ('pool', 'shared') then parts.treatment || ':' || parts.method
    end as allocated_method_id,
    case when parts.deployment_id not like '(%' then parts.deployment_id end as allocated_resource_id,
    case when parts.deployment_id not like '(%' then parts.deployment_id end as allocated_resource_name,
    case
        when configurations.deployment_id is not null
            then {{ json_of(struct_of(tags)) }}
    end as allocated_tags,
    {{ columns(exported_attributes(), 'cast(attributes.{0} as string) as {0}') }},
    parts.billing_currency,
    {{ units_to_money('parts.part') }} as effective_cost,
    parts.source as x_source,
    {{ text_of_key('parts.attribute_key') }} as x_origin_charge_key,
    parts.cost_origin as x_cost_origin,
    parts.allocation_note as x_allocation_note,
    cast(parts.rule_priority as string) as x_cost_rule,
    cast(parts.billing_period_start as timestamp) as billing_period_start,
    cast(billing_periods.billing_period_end as timestamp) as billing_period_end,
    cast(parts.date_day as timestamp) as charge_period_start,
    cast(parts.date_day + interval 1 day as timestamp) as charge_period_end
from parts
inner join billing_periods
    on parts.source = billing_periods.source and parts.billing_period_start = billing_periods.billing_period_start
inner join attributes on parts.attribute_key = attributes.attribute_key
left join configurations
    on
        parts.deployment_id = configurations.deployment_id
        and {{ in_effect('configurations', 'parts.date_day') }}
