{%- set cascade = ['billed_meters', 'role_pools', 'measured_rates', 'engine_time', 'fixed_weights', 'input_only'] -%}
{%- set forced_method = var('token_cost_split') -%}
{%- if forced_method not in ['auto'] + cascade[1:5] -%}
    {{ exceptions.raise_compiler_error(
        "variable token_cost_split: '" ~ forced_method ~ "' is no method; use auto, " ~ cascade[1:5] | join(', ')
    ) }}
{%- endif %}
with token_methods as (

    select date_day, deployment_id, method, unit, weight
    from {{ ref('int_allocation__token_methods_daily') }}

),

deployments as (

    select deployment_id, valid_from, valid_to
    from {{ ref('deployments') }}

),

method_ranks as (

    select distinct
        date_day,
        deployment_id,
        method,
        case method
            when '{{ forced_method }}' then 0
            {%- for method in cascade %}
            when '{{ method }}' then {{ loop.index }}
            {%- endfor %}
        end as method_rank
    from token_methods

),

-- a method that rests on telemetry and is gone within a configuration is lost, and a worse one does not stand in for it
best_methods as (

    select
        method_ranks.date_day,
        method_ranks.deployment_id,
        min_by(method_ranks.method, method_ranks.method_rank) as method,
        min(method_ranks.method_rank) as method_rank,
        min(case when method_ranks.method in ('role_pools', 'engine_time') then method_ranks.method_rank end)
            as telemetry_rank,
        max(deployments.valid_from) as configured_from
    from method_ranks
    left join deployments
        on
            method_ranks.deployment_id = deployments.deployment_id
            and {{ in_effect('deployments', 'method_ranks.date_day') }}
    group by method_ranks.date_day, method_ranks.deployment_id

),

ranked_methods as (

    select
        date_day,
        deployment_id,
        method,
        method_rank,
        min(telemetry_rank) over (partition by deployment_id, configured_from order by date_day) as best_telemetry_rank
    from best_methods

),

chosen_methods as (

    select date_day, deployment_id, method
    from ranked_methods
    where method_rank <= coalesce(best_telemetry_rank, method_rank)

),

bands as (

    select date_day, deployment_id, unit, min(weight) as weight_low, max(weight) as weight_high
    from token_methods
    group by date_day, deployment_id, unit

)

select
    token_methods.date_day,
    token_methods.deployment_id,
    token_methods.method,
    token_methods.unit,
    token_methods.weight,
    bands.weight_low,
    bands.weight_high
from token_methods
inner join chosen_methods
    on
        token_methods.date_day = chosen_methods.date_day
        and token_methods.deployment_id = chosen_methods.deployment_id
        and token_methods.method = chosen_methods.method
inner join bands
    on
        token_methods.date_day = bands.date_day
        and token_methods.deployment_id = bands.deployment_id
        and token_methods.unit = bands.unit
