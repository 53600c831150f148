with units as (

    select distinct consumed_unit
    from {{ ref('int_costs__charge_attributes') }}
    where consumed_unit is not null

),

words as (

    select word, factor, counts
    from {{ ref('unit_words') }}

),

-- '1K tokens' is cut into 1, k and tokens
parts as (

    select
        consumed_unit,
        {{ each_of(
            "regexp_extract_all(lower(consumed_unit), '[0-9]+(?:,[0-9]{3})*|[a-z]+|[^a-z0-9 ]', 0)"
        ) }} as part
    from units

),

-- null where a part is no number and no word that is known, and where it is 0
factors as (

    select
        parts.consumed_unit,
        words.counts,
        nullif(coalesce(try_cast(replace(parts.part, ',', '') as bigint), words.factor), 0) as factor
    from parts
    left join words on parts.part = words.word

)

-- null where one of its parts is, as in Token-Hours
select
    consumed_unit,
    case when count(*) = count(factor) then try_cast({{ product_of('factor') }} as bigint) end as tokens,
    coalesce(bool_or(counts = 'token'), false) as says_tokens,
    coalesce(bool_or(counts = 'meter'), false) as is_of_the_meter
from factors
group by consumed_unit
