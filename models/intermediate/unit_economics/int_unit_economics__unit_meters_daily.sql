with watched_units as (

    select * from {{ ref('int_unit_economics__watched_units_daily') }}

),

token_kinds as (

    select unit from {{ ref('units') }}
    where cost_scope = 'token_kind'

),

activity_sources as (

    select * from {{ ref('int_unit_economics__activity_sources_daily') }}

),

metered_units as (

    select * from {{ ref('int_unit_economics__metered_units_daily') }}

),

unknown_units as (

    select * from {{ ref('int_usage__unknown_units_daily') }}

),

billed_gaps as (

    select
        date_day,
        deployment_id,
        unit
    from {{ ref('int_allocation__billed_gaps_daily') }}

),

-- shares of an earlier day say nothing about the cost of a kind of token that was used today
undivided_days as (

    select distinct
        date_day,
        deployment_id
    from {{ ref('int_allocation__token_shares_daily') }}
    where token_cost_method in ('carried_forward', 'no_tokens')

)

select
    watched_units.date_day,
    watched_units.deployment_id,
    watched_units.unit,
    activity_sources.activity_source,
    case
        when unknown_units.null_reason is not null then unknown_units.null_reason
        -- tokens that were billed under no name are of this kind or of another
        when billed_gaps.unit is not null and metered_units.is_by_bill then 'meter_missing'
        else activity_sources.meter_null_reason
    end as meter_null_reason,
    billed_gaps.unit is not null
    or (
        token_kinds.unit is not null
        and undivided_days.deployment_id is not null
        and coalesce(metered_units.units, 0) > 0
    ) as is_cost_undivided,
    coalesce(metered_units.units, 0) > 0 as is_used
from watched_units
left join token_kinds on watched_units.unit = token_kinds.unit
{%- for relation in ['activity_sources', 'metered_units', 'unknown_units', 'billed_gaps'] %}
left join {{ relation }}
    on
        watched_units.date_day = {{ relation }}.date_day
        and watched_units.deployment_id = {{ relation }}.deployment_id
        and watched_units.unit = {{ relation }}.unit
{%- endfor %}
left join undivided_days
    on
        watched_units.date_day = undivided_days.date_day
        and watched_units.deployment_id = undivided_days.deployment_id
