with files as (

    select
        *,
        -- part-1.csv and part-2.csv of a folder may be one export, divided by size
        {{ replace_every('source_file', '[^/]*$', '') }} as file_folder,
        {{ replace_every(replace_every('lower(source_file)', '.*/', ''), '[0-9a-f]{8}-[0-9a-f-]+|[0-9]+', '#') }}
            as name_without_numbers
    from {{ ref('stg_focus__files') }}
    where is_current and delivery in ('overwrite', 'snapshot')

),

-- files of a source that state the same days, but for those of one run
pairs as (

    select
        files.source,
        files.source_file,
        others.source_file as other_file,
        files.file_folder = others.file_folder and files.name_without_numbers = others.name_without_numbers
            as may_be_parts
    from files
    inner join files as others
        on
            files.source = others.source
            and files.source_file < others.source_file
            and files.charges_from < others.charges_until
            and files.charges_until > others.charges_from
    where
        coalesce(files.run_at, '') != coalesce(others.run_at, '')
        or files.run_scope is distinct from others.run_scope
        or files.run_scope is null

),

charges as (

    select
        source_file,
        cast(charge_period_start as date) as date_day,
        charge_period_start,
        charge_period_end,
        effective_cost,
        {{ names_a_thing() }} as is_named,
        {{ stable_id(identity_of_charge(['billing_period_start'] + charge_names())) }} as identity
    from {{ ref('stg_focus__charges') }}
    where
        effective_cost != 0
        and (
            source_file in (select source_file from pairs)
            or source_file in (select other_file from pairs)
        )

),

-- what a file says of a thing on a day
stated as (

    select
        source_file,
        date_day,
        identity,
        is_named,
        min(charge_period_start) as stated_from,
        max(charge_period_end) as stated_until,
        count(distinct charge_period_start) as period_count,
        sum(effective_cost) as effective_cost
    from charges
    group by source_file, date_day, identity, is_named

),

sizes as (

    select
        source_file,
        date_day,
        count(*) as charge_count
    from stated
    group by source_file, date_day

),

-- both say the same time, or one the whole of it and the other its hours. Without a resource's name, and among what may be parts of one
-- export, both cost the same besides.
shared as (

    select
        pairs.source,
        pairs.source_file,
        pairs.other_file,
        stated.date_day,
        count(*) as charge_count,
        sum(least(abs(stated.effective_cost), abs(others.effective_cost))) as twice_cost
    from stated
    inner join stated as others
        on
            stated.date_day = others.date_day
            and stated.identity = others.identity
            and stated.source_file < others.source_file
    inner join pairs
        on stated.source_file = pairs.source_file and others.source_file = pairs.other_file
    where
        case
            when pairs.may_be_parts then stated.is_named and stated.effective_cost = others.effective_cost
            else stated.is_named or stated.effective_cost = others.effective_cost
        end
        and (
            (
                stated.stated_from = others.stated_from
                and stated.stated_until = others.stated_until
                and stated.period_count = others.period_count
            )
            or (
                stated.period_count = 1
                and stated.stated_until >= stated.stated_from + interval 1 day
                and others.stated_from >= stated.stated_from
                and others.stated_until <= stated.stated_until
            )
            or (
                others.period_count = 1
                and others.stated_until >= others.stated_from + interval 1 day
                and stated.stated_from >= others.stated_from
                and stated.stated_until <= others.stated_until
            )
        )
    group by pairs.source, pairs.source_file, pairs.other_file, stated.date_day

)

-- a few equal charges are no sign: on a day half of what one of the files states
select
    shared.source,
    shared.source_file,
    shared.other_file,
    min(shared.date_day) as first_day,
    max(shared.date_day) as last_day,
    cast(sum(shared.charge_count) as bigint) as charge_count,
    cast(sum(shared.twice_cost) as {{ money_type() }}) as twice_cost
from shared
inner join sizes on shared.source_file = sizes.source_file and shared.date_day = sizes.date_day
inner join sizes as other_sizes
    on shared.other_file = other_sizes.source_file and shared.date_day = other_sizes.date_day
where shared.charge_count * 2 >= least(sizes.charge_count, other_sizes.charge_count)
group by shared.source, shared.source_file, shared.other_file
