{#
    Tags as a JSON object of texts, however an export writes them; null where they cannot be read.

    {"team": "ml"}                            as it is; {"team": ["ml"]} is {"team": "ml"}
    "{\"team\": \"ml\"}"                      an object written as a text
    "team": "ml", "env": "prod"               Azure leaves the braces out
    [{"key": "team", "value": "ml"}]          Google; Key and Value, name and value as well; of a key twice the first counts
    ["team:ml"]                               a list of pairs
    {"key_value": [{"key": …, "value": …}]}   BigQuery, of a MAP of Parquet; Arrow says entries, older Parquet map
    {"tags": {"team": "ml"}}                  an object within one that says no more than what it holds; a list of entries as well
#}
{% macro normal_tags(tags) -%}
    {%- set wrapped = "regexp_extract(" ~ tags ~ ", '(?s)^\\s*[{]\\s*\"(key_value|entries|map)\"\\s*:\\s*(\\[.*\\])\\s*[}]\\s*$', 2)" -%}
    {%- set holder = '(?s)^\\s*[{]\\s*"(?i:tags|labels|resource_?tags|user_?tags)"\\s*:\\s*' -%}
    {%- set held = "regexp_extract(" ~ tags ~ ", '" ~ holder ~ "([{][^{}]*[}])\\s*[}]\\s*$', 1)" -%}
    {%- set listed = "regexp_extract(" ~ tags ~ ", '" ~ holder ~ "(\\[\\s*[{].*\\])\\s*[}]\\s*$', 1)" -%}
    case
        when {{ tags }} is null then null
        when {{ is_json(tags) }} and left(ltrim({{ tags }}), 1) = '{'
            then case
                when not contains({{ tags }}, '[')
                    then case when {{ is_json(held) }} then {{ held }} else {{ tags }} end
                when {{ is_json(listed) }} then {{ tags_of_entries(json_elements(listed)) }}
                when {{ is_json(wrapped) }} then {{ tags_of_entries(json_elements(wrapped)) }}
                when contains({{ tags }}, '"element"')
                    then {{ tags_of_entries(json_elements(tags, '$.list[*].element')) }}
                -- a list of one text is that text; a longer one stays a list, which no rule on a text matches
                else {{ json_without_lists(tags) }}
            end
        when {{ is_json(tags) }} and left(ltrim({{ tags }}), 1) = '['
            then {{ tags_of_entries(json_elements(tags)) }}
        when {{ is_json(tags) }} and {{ is_json(text_of_json(tags)) }} and {{ matches(text_of_json(tags), "'^\\s*[{]'") }}
            then {{ text_of_json(tags) }}
        when {{ is_json("'{' || " ~ tags ~ " || '}'") }} then '{' || {{ tags }} || '}'
    end
{%- endmacro %}

{# The object of a list of entries: objects with a key and a value, or texts such as team:ml. Null where one is neither. #}
{% macro tags_of_entries(entries) -%}
    {%- set pairs = list_of_each(entries, 'entry', struct_of({
        'tag': 'coalesce('
            ~ json_field('entry', 'key') ~ ', ' ~ json_field('entry', 'Key') ~ ', '
            ~ json_field('entry', 'name') ~ ', ' ~ json_field('entry', 'Name') ~ ', '
            ~ "nullif(regexp_extract(" ~ json_text('entry') ~ ", '^([^:=]+)[:=]', 1), ''))",
        'content': 'coalesce('
            ~ json_field('entry', 'value') ~ ', ' ~ json_field('entry', 'Value') ~ ', '
            ~ "regexp_extract(" ~ json_text('entry') ~ ", '^[^:=]+[:=](.*)$', 1))"
    })) -%}
    {%- set names = 'array_sort(array_distinct(' ~ list_of_each('pairs', 'pair', 'pair.tag') ~ '))' -%}
    {%- set first_content = element_of(list_where('pairs', 'pair', 'pair.tag = name'), 1) ~ '.content' -%}
    {{ element_of(list_of_each(list_of([pairs]), 'pairs', "case when " ~ length_of(list_where('pairs', 'pair', 'pair.tag is null')) ~ " = 0 then "
        ~ json_of('map_from_entries(' ~ list_of_each(names, 'name', struct_of({'key': 'name', 'value': first_content})) ~ ')')
        ~ ' end'), 1) }}
{%- endmacro %}
