{#
    CSV files by their header, as pairs of {column: type} and a reader that gives text; empty cells are null. A row with fewer
    cells than its header has is broken, as half a line at the end of a file is: all of it is null, so that it can be counted.

    The dialect is told, for DuckDB guesses one column where the last line is cut within quotes. One thread reads a file:
    several cannot read a line break within quotes where rows may be short.
#}
{% macro csv_readers(files) -%}
    {#- files that begin alike are looked at once -#}
    {%- set alike = {} -%}
    {%- for file in files if file.format == 'csv' -%}
        {%- set has_header = file.shape != 'victoria_metrics_csv' -%}
        {%- set head = file.get('head') or file.source_file -%}
        {%- do alike.setdefault((has_header, head if has_header else head.count(',')), []).append(sql_text(file.source_file)) -%}
    {%- endfor -%}
    {%- set tables = {} -%}
    {%- for (has_header, _), names in alike.items() -%}
        {%- set lines = ['', ''] -%}
        {%- for row in run_query('select line from ' ~ text_lines(names[0]) ~ ' limit 2').rows -%}
            {%- do lines.insert(loop.index0, row.line or '') -%}
        {%- endfor -%}
        {%- set delimiter = csv_delimiter(lines[0]) -%}
        {%- set columns = csv_columns(lines[0], delimiter, has_header) -%}
        {%- set escape = '\\' if lines[1].count('\\"') > lines[1].count('""') else '"' -%}
        {%- do tables.setdefault((has_header, delimiter, escape, columns | join('\n')), []).extend(names) -%}
    {%- endfor -%}
    {%- set readers = [] -%}
    {%- for (has_header, delimiter, escape, columns), names in tables.items() -%}
        {%- set columns = columns.split('\n') -%}
        {%- set reader -%}
        (
            select
                filename,
                {% for column in columns -%}
                case when "{{ columns | last }}" is not null then nullif("{{ column }}", '') end as "{{ column }}"
                {{- ',' if not loop.last }}
                {% endfor -%}
            from read_csv(
                [{{ names | join(', ') }}], auto_detect = false, header = {{ has_header }}, delim = '{{ delimiter }}',
                quote = '"', escape = '{{ escape }}', nullstr = e'\x01', null_padding = true, strict_mode = false,
                parallel = false, filename = true,
                columns = {{ '{' }}{% for column in columns %}"{{ column }}": 'varchar'{{ ', ' if not loop.last }}{% endfor %}{{ '}' }}
            )
        )
        {%- endset -%}
        {%- do readers.append((dict.fromkeys(columns, 'VARCHAR'), reader)) -%}
    {%- endfor -%}
    {{- return(readers) -}}
{%- endmacro %}

{# What divides a header's cells: of the usual signs the one that it has most of. #}
{% macro csv_delimiter(header) -%}
    {%- set bare = modules.re.sub('"[^"]*"', '', header) -%}
    {%- set signs = [] -%}
    {%- for sign in [',', ';', '\t', '|'] -%} {%- do signs.append({'sign': sign, 'times': bare.count(sign)}) -%} {%- endfor -%}
    {{- return((signs | sort(attribute='times', reverse=true) | first).sign) -}}
{%- endmacro %}

{# Names of a CSV's columns. VictoriaMetrics' export may have no header: then its order is name, value, time in milliseconds,
   and labels without names. #}
{% macro csv_columns(line, delimiter, has_header) -%}
    {%- set line = line.strip('\ufeff\r') -%}
    {%- set outside_quotes = '(?=(?:[^"]*"[^"]*")*[^"]*$)' -%}
    {%- set columns = {} -%}
    {%- for cell in modules.re.split(modules.re.escape(delimiter) ~ outside_quotes, line) -%}
        {%- set name = cell.replace('"', '').strip() -%}
        {%- if not has_header -%}
            {%- set name = ['metric', 'value', 'ts'][loop.index0] if loop.index <= 3 else 'column_' ~ loop.index -%}
        {%- elif not name or name | lower in columns -%}
            {%- set name = name ~ '_' ~ loop.index -%}
        {%- endif -%}
        {%- do columns.update({name | lower: name}) -%}
    {%- endfor -%}
    {{- return(columns.values() | list) -}}
{%- endmacro %}
