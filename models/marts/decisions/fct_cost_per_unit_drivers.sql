with moves as (

    select * from {{ ref('int_decisions__driver_moves') }}

),

units as (

    select unit, unit_scale from {{ ref('units') }}

),

facts as (

    select
        grain,
        environment,
        workload,
        unit,
        null_reason,
        cost_per_unit,
        is_complete,
        period_start,
        period_end
    from {{ ref('int_books__unit_economics') }}
    where cohort_dimension = 'all'

),

priced as (

    select
        moves.*,
        units.unit_scale,
        later.period_end,
        later.is_complete and earlier.is_complete as is_complete,
        earlier.cost_per_unit as cost_per_unit_before,
        later.cost_per_unit,
        coalesce(later.null_reason, earlier.null_reason) as null_reason,
        cast(later.cost_per_unit - earlier.cost_per_unit as {{ money_type() }}) as cost_per_unit_change
    from moves
    inner join units on moves.unit = units.unit
    {% for side, date in [('earlier', 'period_start_before'), ('later', 'period_start')] %}
    inner join facts as {{ side }}
        on
            moves.grain = {{ side }}.grain
            and moves.environment = {{ side }}.environment
            and moves.workload = {{ side }}.workload
            and moves.unit = {{ side }}.unit
            and moves.{{ date }} = {{ side }}.period_start
    {% endfor %}

),

-- the statistics are floating; the parts are money. What rounding leaves over goes to the largest part.
rounded as (

    select
        *,
        {{ columns(
            drivers(),
            'case when null_reason is null then cast({0}_change * unit_scale as ' ~ money_type() ~ ') end as {0}_part'
        ) }},
        case
            when null_reason is null
                then list_reverse_sort([
                        {{ columns(drivers(), "{ 'size': abs({0}_change), 'driver': '{0}' }") }}
                    ])[1].driver
        end as main_driver
    from priced

),

remainders as (

    select
        *,
        cost_per_unit_change
        {{ columns(drivers(), '- {0}_part', separator=' ') }} as remainder
    from rounded

),

-- the cost itself: what more or fewer units would have cost, and what each unit cost more or less.
costs as (

    select
        *,
        cast(effective_cost - effective_cost_before as {{ money_type() }}) as effective_cost_change,
        cast(
            (effective_cost_before / units_before + effective_cost / units) / 2 * (units - units_before)
            as {{ money_type() }}
        ) as volume_part
    from remainders

)

select
    period_start,
    period_end,
    period_start_before,
    is_complete,
    grain,
    environment,
    workload,
    unit,
    unit_scale,
    cast(units_before as bigint) as units_before,
    cast(units as bigint) as units,
    cast(effective_cost_before as {{ money_type() }}) as effective_cost_before,
    cast(effective_cost as {{ money_type() }}) as effective_cost,
    effective_cost_change,
    volume_part as volume_cost_change,
    cast(effective_cost_change - volume_part as {{ money_type() }}) as unit_cost_change,
    cost_per_unit_before,
    cost_per_unit,
    cost_per_unit_change,
    null_reason,
    {{ columns(
        drivers(),
        "cast({0}_part + case when main_driver = '{0}' then remainder else 0 end as " ~ money_type() ~ ') as {0}_change'
    ) }},
    main_driver,
    has_unmetered_utilization,
    '{{ var('reporting_currency') }}' as currency
from costs
