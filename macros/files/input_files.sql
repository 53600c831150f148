{# Where the exports are: the variable data_root, else the environment variable UNIT_ECONOMICS_DATA, else the sample. #}
{% macro data_root() -%}
    {{- return(plain_path(var('data_root') or env_var('UNIT_ECONOMICS_DATA', '') or 'data/sample', 'UNIT_ECONOMICS_DATA')) -}}
{%- endmacro %}

{# A folder as DuckDB writes the names of the files beneath it: without `.`, `..` and doubled slashes. `setting` says in a
   message where the path is from. Python's side is doctor/inputs.py. #}
{% macro plain_path(path, setting) -%}
    {%- for sign in ['*', '?', '['] if sign in path -%}
        {%- do exceptions.raise_compiler_error(
            setting ~ ': ' ~ path ~ ' has a ' ~ sign ~ ', which stands for other letters in a path; rename the folder or name a '
            ~ 'link to it'
        ) -%}
    {%- endfor -%}
    {%- if '://' in path or not path -%} {{- return(path.rstrip('/')) -}} {%- endif -%}
    {%- set steps = [] -%}
    {%- for step in path.split('/') if step not in ['', '.'] -%}
        {%- if step != '..' or steps[-1:] == ['..'] or not (steps or path.startswith('/')) -%} {%- do steps.append(step) -%}
        {%- elif steps -%} {%- do steps.pop() -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(('/' if path.startswith('/') else '') ~ steps | join('/') or '.') -}}
{%- endmacro %}

{# Every file beneath the root as source_file, size_bytes, modified_at; no rows where there is none. Nothing is opened.
   `**` does not walk through a linked folder but `*` does, so the first levels, where people link, are named one by one.
   An object store has no links and is listed once. #}
{% macro list_files(root) %}
    {%- do times_are_utc() -%}
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

{# What says nothing of its zone is UTC; DuckDB takes it for the session's. A profile of another project may not say which. #}
{% macro times_are_utc() %}
    {%- if execute and target.type == 'duckdb' -%}
    {%- set zone = run_query("select current_setting('TimeZone')").columns[0].values()[0] -%}
    {%- if zone not in ['UTC', 'Etc/UTC'] -%}
        {%- do exceptions.raise_compiler_error(
            "profiles.yml: the time zone of DuckDB is " ~ zone ~ ", which would shift charges into other days; put "
            ~ "`settings: {TimeZone: UTC}` into the output " ~ target.name
        ) -%}
    {%- endif -%}
    {%- endif -%}
{% endmacro %}
