-- A name that has the words of two products would find a profile twice, and its accelerator would count twice.
with profiles as (

    select
        product,
        profile,
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
        and list_has_all(narrow.words, wide.words)
