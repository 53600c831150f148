-- a workload that the variable activity_sources misspells would be counted by another source than its user thinks
{%- set choices = activity_sources() %}
with chosen as (

    select {{ each_of(sql_texts(choices.keys())) }} as workload

),

unknown as (

    select chosen.workload
    from chosen
    left join {{ ref('deployments') }} as deployments on chosen.workload = deployments.workload
    where deployments.workload is null

)

select {{ stop(
    'var activity_sources: {}: no row of seeds/config/deployments.csv has such a workload; correct the name or add the deployment',
    [texts_of_group('workload')]
) }} as message
from unknown
having count(*) > 0
