-- a name that has the words of two products would find a profile twice, and its accelerator would count twice
with profiles as (

    select
        product,
        profile,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to,
        string_split(product, ' ') as words
    from {{ ref('mig_profiles') }}

)

select
    narrow.product,
    wide.product as other_product,
    narrow.profile
from profiles as narrow
inner join profiles as wide
    on
        narrow.profile = wide.profile
        and narrow.product != wide.product
        and narrow.valid_from < wide.valid_to
        and narrow.valid_to > wide.valid_from
        and {{ has_all('narrow.words', 'wide.words') }}
