-- what would have been chosen at past dates against a plain repetition of the last week, over all series: where that was
-- nearer, forecasts deserve a look and a model no trust. It depends on the data, so that it warns.
{{ config(severity='warn') }}

with accuracy as (

    select
        grain,
        measure,
        model,
        mase
    from {{ ref('fct_forecast_accuracy') }}
    where
        evaluation = 'rolling_origin'
        and workload = '(all)'
        and horizon = 'all'

)

select
    chosen.grain,
    chosen.measure,
    chosen.mase,
    naive.mase as seasonal_naive_mase
from accuracy as chosen
inner join accuracy as naive
    on chosen.grain = naive.grain and chosen.measure = naive.measure
where
    chosen.model = 'selected'
    and naive.model = 'seasonal_naive'
    and chosen.mase > naive.mase
