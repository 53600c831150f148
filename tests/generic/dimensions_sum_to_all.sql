{# In every period and workload, the cohorts of every dimension sum to the row `all`: every cost by origin, and, where all of it is
   counted, the units that add up. What is counted does so in every dimension that the gateway does not tell, but for users and sessions
   that product activity names, which cannot tell the deployments of a workload apart. Users and sessions are at least as many as in the
   largest cohort and no more than in all together. #}
{% test dimensions_sum_to_all(model) %}
    {%- set columns = ['effective_cost'] -%}
    {%- for origin in cost_origins() %}{% do columns.append(origin ~ '_cost') %}{% endfor %}
    with wholes as (
        select *
        from {{ model }}
        where cohort_dimension = 'all'
    ),

    dimensions as (
        select
            cohort_dimension,
            told_by
        from {{ ref('cohort_dimensions') }}
    ),

    sums as (
        select
            period_start,
            environment,
            workload,
            cohort_dimension,
            unit,
            {% for column in columns -%}
            sum({{ column }}) as {{ column }},
            {% endfor -%}
            sum(counted_cost) as counted_cost,
            sum(units) as units,
            max(units) as largest_units,
            count(*) > 1 as is_divided,
            bool_and(counted_cost = effective_cost and units is not null) as is_all_counted
        from {{ model }}
        group by period_start, environment, workload, cohort_dimension, unit
    )

    select
        coalesce(wholes.period_start, sums.period_start) as period_start,
        coalesce(wholes.environment, sums.environment) as environment,
        coalesce(wholes.workload, sums.workload) as workload,
        coalesce(dimensions.cohort_dimension, sums.cohort_dimension) as cohort_dimension,
        coalesce(wholes.unit, sums.unit) as unit,
        wholes.effective_cost as effective_cost_of_all,
        sums.effective_cost as effective_cost_of_cohorts,
        wholes.units as units_of_all,
        sums.units as units_of_cohorts
    from wholes
    cross join dimensions
    left join {{ ref('units') }} as counted_units on wholes.unit = counted_units.unit
    full outer join sums
        on
            wholes.period_start = sums.period_start
            and wholes.environment = sums.environment
            and wholes.workload = sums.workload
            and dimensions.cohort_dimension = sums.cohort_dimension
            and wholes.unit = sums.unit
    where
        {% for column in columns -%}
        wholes.{{ column }} is distinct from sums.{{ column }} or
        {% endfor -%}
        case
            when
                dimensions.told_by != 'gateway'
                and not (sums.is_divided and coalesce(wholes.activity_source, 'requests') != 'requests')
                then wholes.counted_cost = sums.counted_cost
            else true
        end is not true
        or case
            when not sums.is_all_counted or wholes.counted_cost != wholes.effective_cost then true
            when wholes.units is null and wholes.activity_source = 'mixed' then true
            when counted_units.counting = 'distinct' then wholes.units between sums.largest_units and sums.units
            else wholes.units = sums.units
        end is not true
{% endtest %}
