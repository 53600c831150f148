{%- set attributes = ['deployment_id'] + deployment_attributes() -%}

with deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

-- a period counts whom it saw on the days whose cost it divides
counted_days as (

    select
        date_day,
        deployment_id,
        unit,
        activity_source
    from {{ ref('int_unit_economics__counted_days') }}
    where activity_source is not null and null_reason is null

),

request_places as (

    select distinct
        date_day,
        deployment_id,
        customer_tier,
        geography
    from {{ ref('int_usage__gateway_usage_daily') }}

),

product_places as (

    select * from {{ ref('int_usage__product_places_daily') }}

),

-- what product activity tells is true of a workload: of an attribute, where all its deployments have the same.
scopes as (

    select
        counted_days.date_day,
        counted_days.unit,
        counted_days.activity_source,
        counted_days.deployment_id as seen_deployment_id,
        {% for attribute in attributes -%}
        {{ shared_attribute('deployment_days.' ~ attribute, 'workload_day') }} as {{ attribute }},
        {% endfor -%}
        deployment_days.environment,
        deployment_days.workload
    from counted_days
    inner join deployment_days
        on
            counted_days.deployment_id = deployment_days.deployment_id
            and counted_days.date_day = deployment_days.date_day
    window
        workload_day as (
            partition by
                counted_days.date_day, deployment_days.environment, deployment_days.workload, counted_days.unit
        )

),

workload_scopes as (

    select distinct * exclude (seen_deployment_id)
    from scopes
    where activity_source in ('product', 'both')

)

select
    scopes.date_day,
    scopes.unit,
    scopes.activity_source,
    scopes.environment,
    scopes.workload,
    {% for attribute in attributes -%}
    scopes.{{ attribute }},
    {% endfor -%}
    'requests' as seen_by,
    scopes.seen_deployment_id as seen_in,
    request_places.customer_tier,
    request_places.geography
from scopes
inner join request_places
    on scopes.date_day = request_places.date_day and scopes.seen_deployment_id = request_places.deployment_id
where scopes.activity_source in ('requests', 'both')

union all

select
    workload_scopes.date_day,
    workload_scopes.unit,
    workload_scopes.activity_source,
    workload_scopes.environment,
    workload_scopes.workload,
    {% for attribute in attributes -%}
    workload_scopes.{{ attribute }},
    {% endfor -%}
    'product' as seen_by,
    workload_scopes.workload as seen_in,
    product_places.customer_tier,
    product_places.geography
from workload_scopes
inner join product_places
    on
        workload_scopes.date_day = product_places.date_day
        and workload_scopes.workload = product_places.workload
        and workload_scopes.unit = product_places.unit
