{# Adds the customer's tier as of the day, and its geography where the request itself names none. #}
{% macro with_customer(relation) %}
    select
        {{ relation }}.{{ all_but('deployment_id, geography') }},
        coalesce({{ relation }}.deployment_id, '(unattributed)') as deployment_id,
        coalesce(customers.customer_tier, '(unattributed)') as customer_tier,
        coalesce({{ relation }}.geography, customers.geography, '(unattributed)') as geography
    from {{ relation }}
    left join {{ ref('stg_customers__customers') }} as customers
        on
            {{ relation }}.customer_id = customers.customer_id
            and {{ in_effect('customers', relation ~ '.date_day') }}
{% endmacro %}
