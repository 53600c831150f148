{# Where the exports are: the variable data_root, else the environment variable UNIT_ECONOMICS_DATA, else the sample. #}
{% macro data_root() -%}
    {{- return(without_secret(var('data_root') or env_var('UNIT_ECONOMICS_DATA', '') or 'data/sample', 'UNIT_ECONOMICS_DATA')) -}}
{%- endmacro %}

{#
    An address without a password in it; else an error that does not show it. Rows keep the names of their files, and dbt writes
    what it runs into its log. ai_unit_economics.addresses says the same of commands.
#}
{% macro without_secret(address, name) -%}
    {%- set is_user = modules.re.search('\\w://[^\\s/:@]*:[^\\s@]*@', address) -%}
    {%- set parameter = '[?&;][^=&;\\s]*(token|key|sig|secret|passw|pwd|credential|auth|session)[^=&;\\s]*=[^&;\\s]' -%}
    {%- if is_user or modules.re.search(parameter, address | lower) -%}
        {%- do exceptions.raise_compiler_error(
            name ~ " is an address with a password in it: take it out, and put it into a secret of DuckDB (docs/object-stores.md)"
        ) -%}
    {%- endif -%}
    {{- return(address) -}}
{%- endmacro %}

{# The name of one file for a reader of DuckDB: `*`, `?` and `[` in it stand for themselves. #}
{% macro sql_file(path) -%}
    {{- sql_text(path | replace('[', '[[]') | replace('*', '[*]') | replace('?', '[?]')) -}}
{%- endmacro %}

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
