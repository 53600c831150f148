with lines as (

    select
        owner,
        cost_origin
    from {{ ref('int_books__owner_costs_daily') }}
    union
    select
        owner,
        cost_origin
    from {{ ref('fct_owner_adjustments') }}

),

-- of the accounts that fit, the one that names the owner goes before the one that names the cost origin
accounts as (

    select
        lines.owner,
        lines.cost_origin,
        accounts.entry,
        arg_max(
            accounts.account,
            case when accounts.owner is not null then 2 else 0 end
            + case when accounts.cost_origin is not null then 1 else 0 end
        ) as account
    from lines
    inner join {{ ref('journal_accounts') }} as accounts
        on
            coalesce(accounts.owner, lines.owner) = lines.owner
            and coalesce(accounts.cost_origin, lines.cost_origin) = lines.cost_origin
    group by lines.owner, lines.cost_origin, accounts.entry

)

select
    owner,
    cost_origin,
    max(account) filter (where entry = 'cost') as account,
    coalesce(max(account) filter (where entry = 'adjustment'), max(account) filter (where entry = 'cost'))
        as adjustment_account,
    max(account) filter (where entry = 'clearing') as clearing_account
from accounts
group by owner, cost_origin
