{# The row `(all)` of a tier is the sum of its workloads: revenue, cost, and, where it is known, margin. A workload without a
   price earns nothing and costs. #}
{% test tier_margins_sum_to_all(model) %}
    with workloads as (

        select
            grain,
            period_start,
            environment,
            customer_tier,
            sum(revenue) as revenue,
            sum(effective_cost) as effective_cost,
            sum(counted_cost) as counted_cost,
            sum(case when null_reason = 'no_price' then -counted_cost else margin end) as margin
        from {{ model }}
        where workload != '(all)'
        group by grain, period_start, environment, customer_tier

    ),

    wholes as (

        select * from {{ model }}
        where workload = '(all)'

    )

    select
        coalesce(wholes.grain, workloads.grain) as grain,
        coalesce(wholes.period_start, workloads.period_start) as period_start,
        coalesce(wholes.environment, workloads.environment) as environment,
        coalesce(wholes.customer_tier, workloads.customer_tier) as customer_tier,
        wholes.margin as margin_of_all,
        workloads.margin as margin_of_workloads
    from wholes
    full outer join workloads
        on
            wholes.grain = workloads.grain
            and wholes.period_start = workloads.period_start
            and wholes.environment = workloads.environment
            and wholes.customer_tier = workloads.customer_tier
    where
        wholes.revenue is distinct from workloads.revenue
        or wholes.effective_cost is distinct from workloads.effective_cost
        or wholes.counted_cost is distinct from workloads.counted_cost
        or wholes.margin is not null and wholes.margin is distinct from workloads.margin
{% endtest %}
