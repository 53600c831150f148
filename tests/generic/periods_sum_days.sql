{# A week or month costs what its days cost, cohort by cohort, and has their units where units add up. Units that are known of a day
   of which the cost, or a part of it, is not are on the day's row, and on that of the period if it has no others. A cost of 0 of which
   0 is counted says nothing: the day counts if it has no reason not to. #}
{% test periods_sum_days(model, grain) %}
    {%- set key = ['period_start', 'environment', 'workload', 'cohort_dimension', 'cohort', 'unit'] -%}
    {%- set columns = ['effective_cost', 'counted_cost'] -%}
    {%- for origin in cost_origins() %}{% do columns.append(origin ~ '_cost') %}{% endfor %}
    with days as (
        select
            {{ period_start('daily.period_start', "'" ~ grain ~ "'") }} as period_start,
            daily.environment,
            daily.workload,
            daily.cohort_dimension,
            daily.cohort,
            daily.unit,
            {% for column in columns -%}
            sum(daily.{{ column }}) as {{ column }},
            {% endfor -%}
            sum(daily.units) as units,
            sum(daily.units) filter (
                where
                    daily.counted_cost = daily.effective_cost
                    and (
                        coalesce(daily.null_reason, 'no_units') = 'no_units'
                        or (daily.counted_cost != 0 and daily.null_reason != 'no_cost')
                    )
            ) as counted_units
        from {{ ref('fct_unit_economics_daily') }} as daily
        group by
            {{ period_start('daily.period_start', "'" ~ grain ~ "'") }},
            daily.environment,
            daily.workload,
            daily.cohort_dimension,
            daily.cohort,
            daily.unit
    )

    select
        {% for column in key -%}
        coalesce(periods.{{ column }}, days.{{ column }}) as {{ column }},
        {% endfor -%}
        periods.effective_cost as effective_cost_of_period,
        days.effective_cost as effective_cost_of_days,
        periods.units as units_of_period,
        days.units as units_of_days
    from {{ model }} as periods
    full outer join days
        on
            {% for column in key -%}
            periods.{{ column }} = days.{{ column }}{{ ' and' if not loop.last }}
            {% endfor %}
    left join {{ ref('units') }} as counted_units on periods.unit = counted_units.unit
    where
        {% for column in columns -%}
        periods.{{ column }} is distinct from days.{{ column }} or
        {% endfor -%}
        case counted_units.counting
            when 'sum' then coalesce(periods.units, 0) between coalesce(days.counted_units, 0) and coalesce(days.units, 0)
            when 'distinct' then coalesce(periods.units, 0) <= coalesce(days.units, 0)
        end is not true
{% endtest %}
