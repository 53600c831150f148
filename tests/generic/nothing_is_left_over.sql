{# The difference of every source and billing period is 0, to the last decimal. #}
{% test nothing_is_left_over(model) %}
    select source, billing_period_start
    from {{ model }}
    where
        case
            when coalesce(difference, 1) != 0
                then {{ stop(
                    'fct_cost_reconciliation: source {}, billing period {}: {} came in, {} went out, {} is the difference',
                    ['source', 'billing_period_start', 'effective_cost_in', 'effective_cost_out', 'difference']
                ) }} is not null
            else false
        end
{% endtest %}
