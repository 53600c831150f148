with billed_weights as (

    select date_day, deployment_id, unit, weight, is_billed
    from {{ ref('int_allocation__billed_weights_daily') }}

),

unnamed_charges as (

    select date_day, deployment_id, sum(effective_cost) as effective_cost
    from {{ ref('int_costs__unnamed_token_charges_daily') }}
    group by date_day, deployment_id

),

-- where the bill alone counts, tokens of no kind are in nobody's count
counted_by_bill as (

    select distinct date_day, deployment_id
    from {{ ref('int_usage__metered_usage_daily') }}
    where meter = 'billed' and unit in ('input_token', 'cached_input_token', 'output_token')

),

days as (

    select
        billed_weights.date_day,
        billed_weights.deployment_id,
        array_agg(billed_weights.unit) filter (where not billed_weights.is_billed) as lacking,
        bool_or(not billed_weights.is_billed) as is_lacking,
        bool_or(not billed_weights.is_billed and billed_weights.weight is null) as is_weight_unknown,
        coalesce(max({{ money_to_units('unnamed_charges.effective_cost') }}), 0) as unnamed,
        coalesce(sum(billed_weights.weight) filter (where billed_weights.is_billed), 0) as named,
        bool_or(counted_by_bill.deployment_id is not null) as is_counted_by_bill
    from billed_weights
    left join unnamed_charges
        on
            billed_weights.date_day = unnamed_charges.date_day
            and billed_weights.deployment_id = unnamed_charges.deployment_id
    left join counted_by_bill
        on
            billed_weights.date_day = counted_by_bill.date_day
            and billed_weights.deployment_id = counted_by_bill.deployment_id
    group by billed_weights.date_day, billed_weights.deployment_id

),

-- a charge that has not come is missing from everything; one that came without a kind from the kinds alone
gaps as (

    select
        date_day,
        deployment_id,
        case
            when is_weight_unknown and unnamed = 0
                then {{ sql_texts([
                    'input_token', 'cached_input_token', 'output_token', 'token', 'request', 'active_user', 'session', 'embedding'
                ]) }}
            when is_weight_unknown then {{ sql_texts(['input_token', 'cached_input_token', 'output_token']) }}
            when is_lacking then lacking
            when abs(unnamed) > {{ var('max_unknown_share') }} * (named + abs(unnamed)) and is_counted_by_bill
                then {{ sql_texts(['input_token', 'cached_input_token', 'output_token', 'token']) }}
            when abs(unnamed) > {{ var('max_unknown_share') }} * (named + abs(unnamed))
                then {{ sql_texts(['input_token', 'cached_input_token', 'output_token']) }}
        end as units
    from days

)

select
    date_day,
    deployment_id,
    {{ each_of('units') }} as unit,
    'meter_missing' as null_reason
from gaps
