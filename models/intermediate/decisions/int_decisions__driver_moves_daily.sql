{% set chained = drivers() | reject('equalto', 'days_without_units') | list %}
with pairs as (

    select * from {{ ref('int_decisions__driver_steps_daily') }}

),

judged as (

    select
        *,
        {{ midpoint('share_0', 'share_1') }} as share,
        coalesce(
            is_in_both
            and price_0 is not null and price_1 is not null
            and seconds_per_unit_0 > 0 and seconds_per_unit_1 > 0,
            false
        ) as has_capacity,
        coalesce(utilization_0 > 0 and utilization_1 > 0 and throughput_0 > 0 and throughput_1 > 0, false)
            as is_busy_known
    from pairs

),

parts as (

    select
        *,
        case
            when has_capacity
                then {{ midpoint('seconds_per_unit_0', 'seconds_per_unit_1') }} * (price_1 - price_0)
            else 0
        end as price_part,
        case
            when has_capacity and is_busy_known
                then
                    -{{ midpoint('price_0', 'price_1') }}
                    * {{ logarithmic_mean('seconds_per_unit_0', 'seconds_per_unit_1') }}
                    * ln(utilization_1 / utilization_0)
            else 0
        end as utilization_part,
        case
            when has_capacity and is_busy_known
                then
                    -{{ midpoint('price_0', 'price_1') }}
                    * {{ logarithmic_mean('seconds_per_unit_0', 'seconds_per_unit_1') }}
                    * ln(throughput_1 / throughput_0)
            else 0
        end as throughput_part,
        case
            when has_capacity and not is_busy_known
                then {{ midpoint('price_0', 'price_1') }} * (seconds_per_unit_1 - seconds_per_unit_0)
            else 0
        end as capacity_use_part,
        -- what the usage cost moved beyond the product of price and accelerator time
        usage_rate_1 - usage_rate_0
        - case
            when has_capacity then price_1 * seconds_per_unit_1 - price_0 * seconds_per_unit_0
            else 0
        end as direct_part
    from judged

),

-- what a deployment that is there on both days moves of itself, and what shares and its coming or going do
weighted as (

    select
        environment,
        workload,
        deployment_id,
        unit,
        case when is_in_both then share * price_part else 0 end as price_part,
        case when is_in_both then share * utilization_part else 0 end as utilization_part,
        case when is_in_both then share * throughput_part else 0 end as throughput_part,
        case when is_in_both then share * capacity_use_part else 0 end as capacity_use_part,
        case when is_in_both then share * direct_part else 0 end as direct_part,
        case when is_in_both then share * (idle_rate_1 - idle_rate_0) else 0 end as idle_part,
        case when is_in_both then share * (unobserved_rate_1 - unobserved_rate_0) else 0 end as unobserved_part,
        case when is_in_both then share * (unused_commitment_rate_1 - unused_commitment_rate_0) else 0 end
            as unused_commitment_part,
        case when is_in_both then share * (shared_rate_1 - shared_rate_0) else 0 end as shared_part,
        case
            when is_in_both then ({{ midpoint('rate_0', 'rate_1') }} - workload_rate) * (share_1 - share_0)
            else 0
        end as mix_part,
        case when is_in_both then 0 else load_1 - load_0 - workload_rate * (share_1 - share_0) end as start_stop_part,
        is_in_both and has_capacity and not is_busy_known as has_unmetered_utilization,
        date_day
    from parts

)

-- floats are summed in an order, so that each build gives the same last digits
select
    environment,
    workload,
    unit,
    {{ columns(chained, sum_in_order('{0}_part', 'deployment_id') ~ ' as {0}_change') }},
    bool_or(has_unmetered_utilization) as has_unmetered_utilization,
    date_day
from weighted
group by environment, workload, unit, date_day
