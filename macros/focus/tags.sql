{#
    Tags as a JSON object of texts, however an export writes them; null where they cannot be read.

    {"team": "ml"}                            as it is; {"team": ["ml"]} is {"team": "ml"}
    "{\"team\": \"ml\"}"                      an object written as a text
    "team": "ml", "env": "prod"               Azure leaves the braces out
    [{"key": "team", "value": "ml"}]          Google; Key and Value, name and value as well; of a key twice the first counts
    ["team:ml"]                               a list of pairs
#}
{% macro normal_tags(tags) -%}
    case
        when {{ tags }} is null then null
        when json_valid({{ tags }}) and left(ltrim({{ tags }}), 1) = '{'
            then case
                when not contains({{ tags }}, '[') then {{ tags }}
                when contains({{ tags }}, '"element"')
                    then {{ tags_of_entries("json_extract(" ~ tags ~ ", '$.list[*].element')") }}
                else {{ tags_with_lists(tags) }}
            end
        when json_valid({{ tags }}) and left(ltrim({{ tags }}), 1) = '['
            then {{ tags_of_entries("json_extract(" ~ tags ~ ", '$[*]')") }}
        when json_valid({{ tags }}) and json_valid(json_extract_string({{ tags }}, '$'))
            and json_type(json_extract_string({{ tags }}, '$')) = 'OBJECT'
            then json_extract_string({{ tags }}, '$')
        when json_valid('{' || {{ tags }} || '}') then '{' || {{ tags }} || '}'
    end
{%- endmacro %}

{# The object of a list of entries: objects with a key and a value, or texts such as team:ml. Null where one is neither. #}
{% macro tags_of_entries(entries) -%}
    list_transform(
        [list_transform({{ entries }}, lambda entry: struct_pack(
            tag := coalesce(
                entry ->> 'key', entry ->> 'Key', entry ->> 'name', entry ->> 'Name',
                case
                    when json_type(entry) = 'VARCHAR'
                        then nullif(regexp_extract(entry ->> '$', '^([^:=]+)[:=]', 1), '')
                end
            ),
            content := coalesce(
                entry ->> 'value', entry ->> 'Value',
                case when json_type(entry) = 'VARCHAR' then regexp_extract(entry ->> '$', '^[^:=]+[:=](.*)$', 1) end
            )
        ))],
        lambda pairs: case
            when not list_contains(list_transform(pairs, lambda pair: pair.tag is null), true)
                then cast(to_json(map_from_entries(list_transform(
                    list_sort(list_distinct(list_transform(pairs, lambda pair: pair.tag))),
                    lambda name: struct_pack(
                        key := name, value := list_filter(pairs, lambda pair: pair.tag = name)[1].content
                    )
                ))) as varchar)
        end
    )[1]
{%- endmacro %}

{# A list of one text is that text. A longer one stays a list, which no rule on a text matches. #}
{% macro tags_with_lists(tags) -%}
    cast(to_json(map_from_entries(list_transform(
        json_keys({{ tags }}),
        lambda name: struct_pack(
            key := name,
            value := case
                when json_array_length({{ tags }}, '/' || replace(replace(name, '~', '~0'), '/', '~1')) = 1
                    then json_extract_string({{ tags }}, '/' || replace(replace(name, '~', '~0'), '/', '~1') || '/0')
                else json_extract_string({{ tags }}, '/' || replace(replace(name, '~', '~0'), '/', '~1'))
            end
        )
    ))) as varchar)
{%- endmacro %}
