{%- set cascade = ['billed_meters', 'role_pools', 'measured_rates', 'engine_time', 'fixed_weights', 'input_only'] -%}
{%- set forced_method = var('token_cost_split') -%}
{%- if forced_method not in ['auto'] + cascade[1:5] -%}
    {{ exceptions.raise_compiler_error(
        "variable token_cost_split: '" ~ forced_method ~ "' is no method; use auto, " ~ cascade[1:5] | join(', ')
    ) }}
{%- endif %}
with cost_ledger as (

    select date_day, deployment_id
    from {{ ref('int_allocation__cost_ledger_daily') }}

),

deployments as (

    select deployment_id, kind, valid_from, valid_to
    from {{ ref('deployments') }}

),

token_methods as (

    select date_day, deployment_id, method, unit, weight
    from {{ ref('int_allocation__token_methods_daily') }}

),

deployment_kinds as (

    select deployment_id, arg_max(kind, valid_from) as kind
    from deployments
    group by deployment_id

),

-- lines in parentheses and training have no tokens to divide a cost by
cost_days as (

    select distinct
        cost_ledger.date_day,
        cost_ledger.deployment_id,
        coalesce(deployment_kinds.kind, 'inference') as kind
    from cost_ledger
    left join deployment_kinds on cost_ledger.deployment_id = deployment_kinds.deployment_id
    where
        cost_ledger.deployment_id not like '(%'
        and deployment_kinds.kind is distinct from 'training'

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
        arg_min(method_ranks.method, method_ranks.method_rank) as method,
        min(method_ranks.method_rank) as method_rank,
        min(case when method_ranks.method in ('role_pools', 'engine_time') then method_ranks.method_rank end)
            as telemetry_rank,
        any_value(deployments.valid_from) as configured_from
    from method_ranks
    left join deployments
        on
            method_ranks.deployment_id = deployments.deployment_id
            and {{ in_effect('deployments', 'method_ranks.date_day') }}
    group by method_ranks.date_day, method_ranks.deployment_id

),

chosen_methods as (

    select date_day, deployment_id, method
    from best_methods
    qualify
        method_rank <= coalesce(min(telemetry_rank) over (
            partition by deployment_id, configured_from order by date_day
        ), method_rank)

),

bands as (

    select date_day, deployment_id, unit, min(weight) as weight_low, max(weight) as weight_high
    from token_methods
    group by date_day, deployment_id, unit

),

chosen_shares as (

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

),

token_days as (

    select distinct date_day, deployment_id from chosen_shares

),

-- for every day, the last day with tokens up to and including it
days as (

    select date_day, deployment_id from cost_days
    union
    select date_day, deployment_id from token_days

),

share_dates as (

    select
        days.date_day,
        days.deployment_id,
        max(token_days.date_day) over (
            partition by days.deployment_id
            order by days.date_day
            rows between unbounded preceding and current row
        ) as share_date
    from days
    left join token_days
        on days.date_day = token_days.date_day and days.deployment_id = token_days.deployment_id

),

cost_day_shares as (

    select
        cost_days.date_day,
        cost_days.deployment_id,
        cost_days.kind,
        share_dates.share_date
    from cost_days
    inner join share_dates
        on
            cost_days.date_day = share_dates.date_day
            and cost_days.deployment_id = share_dates.deployment_id

)

select
    cost_day_shares.date_day,
    cost_day_shares.deployment_id,
    chosen_shares.unit,
    case
        when cost_day_shares.share_date = cost_day_shares.date_day then chosen_shares.method
        else 'carried_forward'
    end as token_cost_method,
    chosen_shares.weight,
    chosen_shares.weight_low,
    chosen_shares.weight_high,
    cost_day_shares.share_date
from cost_day_shares
inner join chosen_shares
    on
        cost_day_shares.share_date = chosen_shares.date_day
        and cost_day_shares.deployment_id = chosen_shares.deployment_id
union all
select
    date_day,
    deployment_id,
    case kind when 'embedding' then 'input_token' else 'output_token' end as unit,
    'no_tokens' as token_cost_method,
    cast(1000000000000 as bigint) as weight,
    cast(1000000000000 as bigint) as weight_low,
    cast(1000000000000 as bigint) as weight_high,
    cast(null as date) as share_date
from cost_day_shares
where share_date is null
