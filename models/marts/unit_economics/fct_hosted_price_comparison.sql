with periods as (

    select * from {{ ref('int_unit_economics__hosted_costs') }}

),

snapshots as (

    select max(seen_on) as prices_seen_on
    from {{ ref('hosted_price_snapshots') }}

),

unit_economics as (

    select
        grain,
        environment,
        workload,
        units,
        {{ columns(cost_origins(), '{0}_cost') }},
        effective_cost,
        counted_cost,
        cost_per_unit,
        null_reason,
        currency,
        is_complete,
        period_start,
        period_end
    from {{ ref('int_books__unit_economics') }}
    where cohort_dimension = 'all' and unit = 'token'

),

compared as (

    select
        periods.{{ all_but('hosted_cost') }},
        unit_economics.units as tokens,
        {{ columns(cost_origins(), 'unit_economics.{0}_cost') }},
        unit_economics.effective_cost,
        unit_economics.counted_cost,
        unit_economics.cost_per_unit,
        unit_economics.currency,
        unit_economics.is_complete,
        unit_economics.period_end,
        -- tokens that nobody counted cost nothing nowhere
        case
            when not periods.is_price_unknown and unit_economics.units is not null
                then cast(periods.hosted_cost as {{ money_type() }})
        end as hosted_cost,
        coalesce(
            unit_economics.null_reason,
            case
                when
                    unit_economics.units != periods.input_tokens + periods.cached_input_tokens + periods.output_tokens
                    then 'meter_missing'
                when periods.is_price_unknown then 'price_unknown'
            end
        ) as null_reason,
        unit_economics.counted_cost = unit_economics.effective_cost as is_all_counted
    from periods
    inner join unit_economics
        on
            periods.grain = unit_economics.grain
            and periods.period_start = unit_economics.period_start
            and periods.environment = unit_economics.environment
            and periods.workload = unit_economics.workload

)

select
    compared.grain,
    compared.period_start,
    compared.period_end,
    compared.is_complete,
    compared.environment,
    compared.workload,
    compared.provider,
    compared.model,
    compared.price_source,
    {{ columns(
        ['input_tokens', 'cached_input_tokens', 'output_tokens'],
        'case when compared.tokens is not null or compared.{0} > 0 then compared.{0} end as {0}'
    ) }},
    compared.tokens,
    {{ columns(cost_origins(), 'compared.{0}_cost') }},
    compared.effective_cost,
    compared.counted_cost,
    compared.hosted_cost,
    cast(
        case when compared.null_reason is null then compared.counted_cost - compared.hosted_cost end
        as {{ money_type() }}
    ) as cost_difference,
    compared.cost_per_unit,
    case
        when compared.null_reason is null then {{ cost_per_unit('compared.hosted_cost', 'compared.tokens', 1000000) }}
    end as hosted_cost_per_unit,
    case
        when compared.null_reason is null and not compared.has_hosted and not compared.has_separate_idle
            then
                cast(compared.usage_cost as double)
                / nullif(cast(compared.usage_cost + compared.unused_commitment_cost + compared.idle_cost as double), 0)
    end as utilization,
    case
        when
            compared.null_reason is null
            and compared.is_all_counted
            and not compared.has_hosted
            and compared.hosted_cost > compared.shared_cost
            then cast(compared.usage_cost as double) / cast(compared.hosted_cost - compared.shared_cost as double)
    end as break_even_utilization,
    case when compared.null_reason is null then compared.counted_cost <= compared.hosted_cost end
        as is_cheaper_as_run,
    compared.is_tiered,
    compared.is_cached_priced_as_input,
    compared.null_reason,
    compared.currency,
    snapshots.prices_seen_on
from compared
cross join snapshots
