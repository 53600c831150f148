-- the drivers explain the mart's own move: its units and counted cost are theirs, so that rounding is all that is left over.
{{ config(severity='warn') }}

with moves as (

    select * from {{ ref('int_decisions__driver_moves') }}

),

facts as (

    select * from {{ ref('int_books__unit_economics') }}
    where cohort_dimension = 'all'

)

select
    moves.grain,
    moves.period_start,
    moves.environment,
    moves.workload,
    moves.unit,
    moves.units_before,
    earlier.units as mart_units_before,
    moves.units,
    later.units as mart_units
from moves
{% for side, date in [('earlier', 'period_start_before'), ('later', 'period_start')] %}
inner join facts as {{ side }}
    on
        moves.grain = {{ side }}.grain
        and moves.environment = {{ side }}.environment
        and moves.workload = {{ side }}.workload
        and moves.unit = {{ side }}.unit
        and moves.{{ date }} = {{ side }}.period_start
        and {{ side }}.cost_per_unit is not null
{% endfor %}
where
    (moves.units_before, moves.units) != (earlier.units, later.units)
    or (moves.effective_cost_before, moves.effective_cost) != (earlier.counted_cost, later.counted_cost)
