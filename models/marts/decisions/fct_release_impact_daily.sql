with changes as (

    select * from {{ ref('int_decisions__changes') }}
    where release is not null

),

effects as (

    select * from {{ ref('int_decisions__change_effects') }}

)

select
    changes.change_id,
    changes.deployment_id,
    changes.environment,
    changes.workload,
    changes.unit,
    changes.release,
    changes.changed_on as released_on,
    effects.looked_until,
    cast({{ days_between('changes.changed_on', 'effects.looked_until') }} as bigint) as days_since_release,
    effects.looked_until = max(effects.looked_until) over (partition by changes.change_id) as is_newest_look,
    effects.verdict,
    effects.verdict_reason,
    effects.verdict_form,
    effects.decisive_effect as effect,
    effects.decisive_effect_lower as effect_lower,
    effects.decisive_effect_upper as effect_upper,
    effects.minimum_detectable_effect,
    effects.capacity,
    effects.days_before,
    effects.days_after,
    'fixed volume 2' as method_version
from changes
inner join effects on changes.change_id = effects.change_id
