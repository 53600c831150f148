-- a counter of several processes is no count, and the units that it would count are null: somebody should look at it soon.
{{ config(severity='warn') }}

select
    broken.date_day,
    series.deployment_id,
    series.metric,
    series.target_id,
    broken.falls
from {{ ref('int_usage__broken_series_daily') }} as broken
inner join {{ ref('int_usage__series_deployments') }} as series on broken.series_id = series.series_id
