{# Several texts as a list, which may be empty. #}
{% macro sql_texts(values) -%} {{ return(adapter.dispatch('sql_texts', 'ai_unit_economics')(values)) }} {%- endmacro %}

{% macro default__sql_texts(values) -%}
    cast([{% for value in values %}{{ sql_text(value) }}{{ ', ' if not loop.last }}{% endfor %}] as varchar[])
{%- endmacro %}

{% macro spark__sql_texts(values) -%}
    cast(array({% for value in values %}{{ sql_text(value) }}{{ ', ' if not loop.last }}{% endfor %}) as array<string>)
{%- endmacro %}

{# The product of whole numbers in a group; nulls are passed over. Beyond a BIGINT it is no BIGINT in DuckDB, and null in Spark. #}
{% macro product_of(factor) -%} {{ return(adapter.dispatch('product_of', 'ai_unit_economics')(factor)) }} {%- endmacro %}

{% macro default__product_of(factor) -%} product({{ factor }}) {%- endmacro %}

{% macro spark__product_of(factor) -%}
    aggregate(array_agg(cast({{ factor }} as bigint)), cast(1 as bigint), (product, factor) -> try_multiply(product, factor))
{%- endmacro %}

{# The sum of a DOUBLE in a group, added in an order, so that each run gives the same last digit. #}
{% macro sum_in_order(value, order) -%} {{ return(adapter.dispatch('sum_in_order', 'ai_unit_economics')(value, order)) }} {%- endmacro %}

{% macro default__sum_in_order(value, order) -%} sum({{ value }} order by {{ order }}) {%- endmacro %}

{% macro spark__sum_in_order(value, order) -%} 
    aggregate(
        array_sort(array_agg(struct({{ order }}, {{ value }} as value))), cast(0 as double), (total, part) -> total + part.value
    )
 {%- endmacro %}

{# A list made anew from each element of another, which `name` stands for. #}
{% macro list_of_each(list, name, value) -%} {{ return(adapter.dispatch('list_of_each', 'ai_unit_economics')(list, name, value)) }} {%- endmacro %}

{% macro default__list_of_each(list, name, value) -%} list_transform({{ list }}, lambda {{ name }}: {{ value }}) {%- endmacro %}

{% macro spark__list_of_each(list, name, value) -%} transform({{ list }}, {{ name }} -> {{ value }}) {%- endmacro %}

{# The elements of a list that meet a condition, in which `name` stands for one. #}
{% macro list_where(list, name, condition) -%} {{ return(adapter.dispatch('list_where', 'ai_unit_economics')(list, name, condition)) }} {%- endmacro %}

{% macro default__list_where(list, name, condition) -%} list_filter({{ list }}, lambda {{ name }}: {{ condition }}) {%- endmacro %}

{% macro spark__list_where(list, name, condition) -%} filter({{ list }}, {{ name }} -> {{ condition }}) {%- endmacro %}

{# The element of a list at a place from 1 on; null where it has fewer. #}
{% macro element_of(list, place) -%} {{ return(adapter.dispatch('element_of', 'ai_unit_economics')(list, place)) }} {%- endmacro %}

{% macro default__element_of(list, place) -%} {{ list }}[{{ place }}] {%- endmacro %}

{% macro spark__element_of(list, place) -%} try_element_at({{ list }}, {{ place }}) {%- endmacro %}

{# The sum over the elements of a list, of integers or money; null of an empty one. #}
{% macro sum_of_list(list, name, value, type='bigint') -%}
    {{ return(adapter.dispatch('sum_of_list', 'ai_unit_economics')(list, name, value, type)) }}
{%- endmacro %}

{% macro default__sum_of_list(list, name, value, type) -%} list_sum(list_transform({{ list }}, lambda {{ name }}: {{ value }})) {%- endmacro %}

{% macro spark__sum_of_list(list, name, value, type) -%}
    case
        when size({{ list }}) > 0
            then aggregate({{ list }}, cast(0 as {{ type }}), (total, {{ name }}) -> cast(total + ({{ value }}) as {{ type }}))
    end
{%- endmacro %}

{# Whether a list has all elements of another. #}
{% macro has_all(list, elements) -%}
    ({{ length_of(list_where(elements, 'element', 'not array_contains(' ~ list ~ ', element)')) }} = 0)
{%- endmacro %}

{# Two maps as one; what both have is the second's. #}
{% macro maps_as_one(map, other) -%} {{ return(adapter.dispatch('maps_as_one', 'ai_unit_economics')(map, other)) }} {%- endmacro %}

{% macro default__maps_as_one(map, other) -%} map_concat({{ map }}, {{ other }}) {%- endmacro %}

{% macro spark__maps_as_one(map, other) -%}
    map_concat(
        transform_values(
            {{ map }}, (key, value) -> case when map_contains_key({{ other }}, key) then {{ other }}[key] else value end
        ),
        map_filter({{ other }}, (key, value) -> not map_contains_key({{ map }}, key))
    )
{%- endmacro %}

{# The values of a group as a list, in the order of another expression. Where no row is chosen, DuckDB gives null and Spark an empty list. #}
{% macro list_in_order(value, order, condition='true') -%}
    {{ list_of_each(
        'array_sort(array_agg(' ~ struct_of({'place': order, 'element': value}) ~ ') filter (where ' ~ condition ~ '))',
        'part', 'part.element'
    ) }}
{%- endmacro %}

{# A list of those of some expressions that are not null. #}
{% macro list_of_known(values) -%} {{ list_where(list_of([values]), 'element', 'element is not null') }} {%- endmacro %}
