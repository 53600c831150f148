with target_counts as (

    select * from {{ ref('int_usage__target_counts_daily') }}

),

-- the part of a prompt that a server computed stands in for the prompt
meters as (

    select
        date_day,
        deployment_id,
        role,
        server,
        target_id,
        case semantic
            when 'input_tokens' then 'prompt'
            when 'uncached_input_tokens' then 'prompt'
            when 'cached_input_tokens' then 'cached'
            when 'output_tokens' then 'output'
            when 'requests' then 'request'
            when 'embeddings' then 'embedding'
        end as meter,
        units
    from target_counts
    where
        semantic in (
            'input_tokens', 'uncached_input_tokens', 'cached_input_tokens', 'output_tokens', 'requests', 'embeddings'
        )
        and deployment_id != '(unattributed)'

),

targets as (

    select
        date_day,
        deployment_id,
        role,
        server,
        target_id,
        bool_or(meter = 'prompt') as has_prompt,
        bool_or(meter = 'cached') as has_cached,
        bool_or(meter = 'output') as has_output,
        -- counted at admission and again after a preemption; what was admitted and not yet computed is a hundredth at most
        coalesce(
            sum(units) filter (where meter = 'cached') > 1.01 * sum(units) filter (where meter = 'prompt'), false
        ) as has_more_cached_than_prompt
    from meters
    group by date_day, deployment_id, role, server, target_id

),

-- what one process of a server and role counts, the others should
alike as (

    select
        {% for meter in ['prompt', 'cached', 'output'] -%}
        bool_or(has_{{ meter }}) over (partition by date_day, deployment_id, role, server)
            as is_{{ meter }}_known_elsewhere,
        {% endfor -%}
        *
    from targets
    where has_prompt or has_output

),

unlike as (

    select
        date_day,
        deployment_id,
        {% for meter in ['prompt', 'cached', 'output'] -%}
        bool_or(is_{{ meter }}_known_elsewhere and not has_{{ meter }}) as is_{{ meter }}_partial,
        {% endfor -%}
        bool_or(has_more_cached_than_prompt) as has_more_cached_than_prompt
    from alike
    group by date_day, deployment_id

),

days as (

    select
        date_day,
        deployment_id,
        list(distinct server order by server) as servers,
        {% for meter in ['prompt', 'cached', 'output', 'request', 'embedding'] -%}
        bool_or(meter = '{{ meter }}') as has_{{ meter }},
        bool_or(meter = '{{ meter }}' and units is null) as is_{{ meter }}_broken,
        {% endfor -%}
        coalesce(
            sum(units) filter (where meter = 'cached') > sum(units) filter (where meter = 'prompt'), false
        ) as has_more_cached_than_prompt
    from meters
    group by date_day, deployment_id

)

select
    days.date_day,
    days.deployment_id,
    days.servers,
    {% for meter in ['prompt', 'cached', 'output', 'request', 'embedding'] -%}
    days.has_{{ meter }},
    days.is_{{ meter }}_broken,
    {% endfor -%}
    {% for meter in ['prompt', 'cached', 'output'] -%}
    coalesce(unlike.is_{{ meter }}_partial, false) as is_{{ meter }}_partial,
    {% endfor -%}
    days.has_more_cached_than_prompt or coalesce(unlike.has_more_cached_than_prompt, false) as is_cached_impossible
from days
left join unlike on days.date_day = unlike.date_day and days.deployment_id = unlike.deployment_id
