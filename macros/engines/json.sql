{# Whether a text is a JSON document. DuckDB also takes a comma before a closing bracket, which Spark does not read. #}
{% macro is_json(text) -%} {{ return(adapter.dispatch('is_json', 'ai_unit_economics')(text)) }} {%- endmacro %}

{% macro default__is_json(text) -%} json_valid({{ text }}) {%- endmacro %}

{# Spark passes over what follows a document. Read once as the element of a list and once as the value of an object, a text with more
   than one document, or with a bracket too many, fails in one of the two. #}
{% macro spark__is_json(text) -%}
    (
        from_json('[' || {{ text }} || ']', 'array<string>', map('allowSingleQuotes', 'false')) is not null
        and from_json('{"value":' || {{ text }} || '}', 'map<string, string>', map('allowSingleQuotes', 'false')) is not null
    )
{%- endmacro %}

{# What a JSON document says, as text: "a" is a; an object or a list is its JSON. #}
{% macro text_of_json(json) -%} {{ return(adapter.dispatch('text_of_json', 'ai_unit_economics')(json)) }} {%- endmacro %}

{% macro default__text_of_json(json) -%} json_extract_string({{ json }}, '$') {%- endmacro %}

{% macro spark__text_of_json(json) -%} try_element_at(from_json('[' || {{ json }} || ']', 'array<string>'), 1) {%- endmacro %}

{# Where DuckDB finds a key of any letters in a JSON object (RFC 6901). #}
{% macro json_pointer(key) -%} '/' || replace(replace({{ key }}, '~', '~0'), '/', '~1') {%- endmacro %}

{# The text that a JSON pointer names in a JSON object: null where there is none. #}
{% macro text_in_json(json, key) -%} {{ return(adapter.dispatch('text_in_json', 'ai_unit_economics')(json, key)) }} {%- endmacro %}

{% macro default__text_in_json(json, key) -%}
    json_extract_string({{ json }}, {{ json_pointer(key) }})
{%- endmacro %}

{# An object of other things than texts and numbers is a text of JSON here too. #}
{% macro spark__text_in_json(json, key) -%} from_json({{ json }}, 'map<string, string>')[{{ key }}] {%- endmacro %}

{# Labels that are written as a JSON object; null where the text is none. #}
{% macro labels_from_json(text) -%} {{ return(adapter.dispatch('labels_from_json', 'ai_unit_economics')(text)) }} {%- endmacro %}

{# DuckDB 1.5 makes a map of an object that says a key twice. #}
{% macro default__labels_from_json(text) -%}
    case
        when len(json_keys(try_cast({{ text }} as json))) = len(list_distinct(json_keys(try_cast({{ text }} as json))))
            then try_cast(try_cast({{ text }} as json) as map(varchar, varchar))
    end
{%- endmacro %}

{% macro spark__labels_from_json(text) -%}
    case when {{ is_json(text) }} then try_cast(try_parse_json({{ text }}) as map<string, string>) end
{%- endmacro %}

{# A text that is the same for one JSON object, whatever its spaces and the order of its keys; of any other text the text. #}
{% macro json_in_order(json) -%}
    coalesce({{ joined_texts(
        'array_sort(' ~ list_of_each(
            'map_entries(' ~ labels_from_json(json) ~ ')', 'entry', "entry.key || '=' || coalesce(entry.value, '')"
        ) ~ ')',
        'chr(31)'
    ) }}, {{ json }}, '')
{%- endmacro %}

{# The elements of a list in JSON, each as JSON: `$[*]`, or `$.list[*].element` where Parquet wrote it. Spark keeps each as VARIANT, which
   knows a text from a number, and as text: a VARIANT writes 1.0 as 1. #}
{% macro json_elements(json, path='$[*]') -%} {{ return(adapter.dispatch('json_elements', 'ai_unit_economics')(json, path)) }} {%- endmacro %}

{% macro default__json_elements(json, path) -%} json_extract({{ json }}, '{{ path }}') {%- endmacro %}

{% macro spark__json_elements(json, path) -%}
    {%- if path == '$[*]' -%}
        transform(
            from_json({{ json }}, 'array<variant>'),
            (element, place) -> struct(element as json, from_json({{ json }}, 'array<string>')[place] as text)
        )
    {%- else -%}
        transform(
            from_json({{ json }}, 'struct<list: array<struct<element: variant>>>').list.element,
            (element, place) -> struct(
                element as json,
                from_json({{ json }}, 'struct<list: array<struct<element: string>>>').list.element[place] as text
            )
        )
    {%- endif -%}
{%- endmacro %}

{# The text under a key of a JSON object that is an element of such a list. #}
{% macro json_field(element, key) -%} {{ return(adapter.dispatch('json_field', 'ai_unit_economics')(element, key)) }} {%- endmacro %}

{% macro default__json_field(element, key) -%} ({{ element }} ->> '{{ key }}') {%- endmacro %}

{% macro spark__json_field(element, key) -%} 
    case
        when schema_of_variant({{ element }}.json) like 'OBJECT%' then from_json({{ element }}.text, 'map<string, string>')['{{ key }}']
    end
{%- endmacro %}

{# An element that is a text itself; null where it is a number, an object or a list. #}
{% macro json_text(element) -%} {{ return(adapter.dispatch('json_text', 'ai_unit_economics')(element)) }} {%- endmacro %}

{% macro default__json_text(element) -%} case when json_type({{ element }}) = 'VARCHAR' then {{ element }} ->> '$' end {%- endmacro %}

{% macro spark__json_text(element) -%}
    case when schema_of_variant({{ element }}.json) = 'STRING' then {{ element }}.text end
{%- endmacro %}

{# A JSON object as one of texts, in which a list of one text is that text. Null where a key is there twice. #}
{% macro json_without_lists(json) -%} {{ return(adapter.dispatch('json_without_lists', 'ai_unit_economics')(json)) }} {%- endmacro %}

{% macro default__json_without_lists(json) -%}
    case when len(list_distinct(json_keys({{ json }}))) = len(json_keys({{ json }})) then cast(to_json(map_from_entries(list_transform(
        json_keys({{ json }}),
        lambda name: struct_pack(
            key := name,
            value := case
                when json_array_length({{ json }}, {{ json_pointer('name') }}) = 1
                    then json_extract_string({{ json }}, {{ json_pointer('name') }} || '/0')
                else {{ text_in_json(json, 'name') }}
            end
        )
    ))) as varchar) end
{%- endmacro %}

{% macro spark__json_without_lists(json) -%}
    case when size(array_distinct(map_keys(from_json({{ json }}, 'map<string, string>')))) = size(from_json({{ json }}, 'map<string, string>')) then to_json(
        map_from_entries(
            transform(
                array_distinct(map_keys(from_json({{ json }}, 'map<string, variant>'))),
                name -> struct(
                    name as key,
                    element_at(
                        transform(
                            array(element_at(from_json({{ json }}, 'map<string, string>'), name)),
                            value -> case
                                when schema_of_variant(element_at(from_json({{ json }}, 'map<string, variant>'), name)) not like 'ARRAY%'
                                    then value
                                when size(from_json(value, 'array<string>')) = 1 then from_json(value, 'array<string>')[0]
                                else value
                            end
                        ),
                        1
                    ) as value
                )
            )
        ),
        map('ignoreNullFields', 'false')
    ) end
{%- endmacro %}

{# A struct or a map of texts as a JSON object that names what is null. #}
{% macro json_of(fields) -%} {{ return(adapter.dispatch('json_of', 'ai_unit_economics')(fields)) }} {%- endmacro %}

{% macro default__json_of(fields) -%} cast(to_json({{ fields }}) as varchar) {%- endmacro %}

{% macro spark__json_of(fields) -%} to_json({{ fields }}, map('ignoreNullFields', 'false')) {%- endmacro %}

{# A text as JSON, in quotes; null is null. #}
{% macro json_of_text(text) -%} {{ return(adapter.dispatch('json_of_text', 'ai_unit_economics')(text)) }} {%- endmacro %}

{% macro default__json_of_text(text) -%} coalesce(cast(to_json({{ text }}) as varchar), 'null') {%- endmacro %}

{% macro spark__json_of_text(text) -%} regexp_extract(to_json(array({{ text }})), '^.(.*).$', 1) {%- endmacro %}

{# A share of twelve decimals from 0 to 1 as JSON: 0.25, 1.0, and 1.5e-7 below a millionth. #}
{% macro json_of_share(share) -%} {{ return(adapter.dispatch('json_of_share', 'ai_unit_economics')(share)) }} {%- endmacro %}

{% macro default__json_of_share(share) -%} cast(to_json({{ share }}) as varchar) {%- endmacro %}

{% macro spark__json_of_share(share) -%}
    case
        when {{ share }} = 0 or abs({{ share }}) >= cast(0.000001 as decimal(13, 12))
            then regexp_replace(cast({{ share }} as string), '(\.\d+?)0+$', '$1')
        else regexp_replace(lower(cast(cast({{ share }} as double) as string)), '\.0e', 'e')
    end
{%- endmacro %}
