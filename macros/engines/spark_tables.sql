{# How tables are kept on Spark: `delta`, `iceberg` or `parquet`. #}
{% macro spark_format() -%} {{ return(env_var('UNIT_ECONOMICS_SPARK_FORMAT', '') or 'delta') }} {%- endmacro %}

{% macro spark__file_format_clause() %}
    using {{ spark_format() }}
{% endmacro %}

{# Parquet knows no NOT NULL; the tests of the columns ask the same. #}
{% macro spark__persist_constraints(relation, model) %}
    {%- if config.get('contract').enforced and spark_format() == 'delta' -%}
        {%- do alter_table_add_constraints(relation, model.constraints) -%}
        {%- do alter_column_set_constraints(relation, model.columns) -%}
    {%- endif -%}
{% endmacro %}

{# Before a run on Spark: the settings without which money loses a digit, a day is another one, or a regular expression its backslash. #}
{% macro require_spark_settings() -%}
    {{ return(adapter.dispatch('require_spark_settings', 'ai_unit_economics')()) }}
{%- endmacro %}

{% macro default__require_spark_settings() -%} {{ return('') }} {%- endmacro %}

{% macro spark__require_spark_settings() -%}
    {%- if execute -%}
    {%- set wrong = [] -%}
    {%- for name, value in {
        'spark.sql.ansi.enabled': 'true',
        'spark.sql.session.timeZone': 'UTC',
        'spark.sql.decimalOperations.allowPrecisionLoss': 'false',
        'spark.sql.parser.escapedStringLiterals': 'true'
    }.items() -%}
        {%- set found = run_query('set ' ~ name).columns[1].values()[0] -%}
        {%- do wrong.append(name ~ ' is ' ~ found ~ ' and must be ' ~ value) if found | lower != value | lower -%}
    {%- endfor -%}
    {%- if wrong -%}
        {%- do exceptions.raise_compiler_error(
            wrong | join('; ') ~ '. Set it in server_side_parameters of the profile or in the cluster (docs/spark.md)'
        ) -%}
    {%- endif -%}
    {%- endif -%}
    {{- return('') -}}
{%- endmacro %}

{# What a table is partitioned by: on Spark a run deletes whole partitions. DuckDB would warn that it has none. #}
{% macro partition_on(column) -%} {{ return(adapter.dispatch('partition_on', 'ai_unit_economics')(column)) }} {%- endmacro %}

{% macro default__partition_on(column) -%} {{ return(none) }} {%- endmacro %}

{% macro spark__partition_on(column) -%} {{ return(column) }} {%- endmacro %}
