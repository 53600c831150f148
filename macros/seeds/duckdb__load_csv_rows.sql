{# Seeds are read with the column types of their YAML and with nothing guessed. dbt-duckdb leaves the format to DuckDB's
   sniffer, which takes a release called 2026.6.1 for a date and then cannot read the ISO dates beside it. #}
{% macro duckdb__load_csv_rows(model, agate_table) %}
    {% set sql %}
        copy {{ this.render() }} from '{{ adapter.get_seed_file_path(model) }}' (
            format csv, header true, auto_detect false, delimiter '{{ config.get("delimiter", ",") }}', quote '"',
            escape '"', nullstr '', dateformat '%Y-%m-%d'
        )
    {% endset %}
    {% do adapter.add_query(sql, abridge_sql_log=True) %}
    {{ return(sql) }}
{% endmacro %}
