-- a day outside every validity period is still of its deployment's kind
select
    cast(deployment_id as string) as deployment_id,
    max_by(coalesce(cast(kind as string), 'inference'), valid_from) as kind
from {{ ref('deployments') }}
group by deployment_id
