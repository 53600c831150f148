{# Where the exports are: the variable data_root, else the environment variable UNIT_ECONOMICS_DATA, else the sample. #}
{% macro data_root() -%}
    {{- return((var('data_root') or env_var('UNIT_ECONOMICS_DATA', 'data/sample')).rstrip('/')) -}}
{%- endmacro %}

{# Every file beneath the root as source_file, size_bytes, modified_at; no rows where there is none. Nothing is opened.
   `**` does not walk through a linked folder but `*` does, so the first levels, where people link, are named one by one.
   An object store has no links and is listed once. #}
{% macro list_files(root) %}
    {%- set levels = [''] if '://' in root else ['', '/*', '/*/*', '/*/*/*'] -%}
    select distinct
        filename as source_file,
        size as size_bytes,
        cast(last_modified as timestamp) as modified_at
    from read_blob([
        {%- for level in levels %}{{ sql_text(root ~ level ~ '/**') }}{{ ', ' if not loop.last }}{% endfor -%}
    ])
{% endmacro %}

{% macro sql_text(value) -%} '{{ value | replace("'", "''") }}' {%- endmacro %}
