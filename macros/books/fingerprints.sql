{# The rows of a group as one text: equal for equal rows in any order. Numbers that any version of DuckDB makes alike. #}
{% macro rows_fingerprint(columns) -%}
    count(*) || ' rows ' || sum(md5_number_lower(concat_ws(
        chr(31)
        {%- for column in columns %},
        coalesce(cast({{ column }} as varchar), chr(30))
        {%- endfor %}
    )))
{%- endmacro %}

{# A row of a seed as JSON, without its validity. #}
{% macro seed_row_text(row) -%}
    cast(json_merge_patch(to_json({{ row }}), '{"valid_from": null, "valid_to": null}') as varchar)
{%- endmacro %}

{# All models with the checksums of their SQL and Python as they are written. Macros and the installed package are not in it. #}
{% macro project_models() -%}
    {%- set checksums = [] -%}
    {%- if execute -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.package_name == model.package_name -%}
        {%- do checksums.append(node.name ~ ' ' ~ node.checksum.checksum) -%}
    {%- endfor -%}
    {%- endif -%}
    {{- return(checksums | sort | join('\n')) -}}
{%- endmacro %}
