{# Labels that say who scraped, by which name and for which object of the cluster, and not which process counted. #}
{% macro scraper_labels() -%}
    {{ return([
        'job', 'instance', 'service', 'endpoint', 'container', 'prometheus', 'prometheus_server', 'prometheus_shard',
        'monitor', 'scrape_pool', 'target', 'metrics_path',
        'exported_job', 'exported_instance', 'exported_service', 'exported_endpoint', 'exported_container'
    ]) }}
{%- endmacro %}

{# Whether two maps of labels can be of one process: what both say, but for who scraped, is the same. #}
{% macro labels_agree(labels, other_labels) -%}
    {%- set condition -%}
        name not in ('{{ scraper_labels() | join("', '") }}') and {{ labels }}[name] != {{ other_labels }}[name]
    {%- endset -%}
    {{ length_of(list_where('map_keys(' ~ labels ~ ')', 'name', condition)) }} = 0
{%- endmacro %}

{# Whether two maps of labels say the same, but for the value of one label, whichever it is. #}
{% macro differ_in_one_label(labels, other_labels) -%}
    {%- set keys = 'map_keys(' ~ labels ~ ')' -%}
    {%- set values_differ = labels ~ '[name] != ' ~ other_labels ~ '[name]' -%}
    {{ length_of(keys) }} = {{ length_of('map_keys(' ~ other_labels ~ ')') }}
    and {{ length_of(list_where(keys, 'name', values_differ)) }} = 1
    and {{ length_of(list_where(keys, 'name', other_labels ~ '[name] is null')) }} = 0
{%- endmacro %}

{# These labels as one text. #}
{% macro scraper_of(labels) -%}
    concat_ws(chr(10){% for label in scraper_labels() %}, coalesce({{ labels }}['{{ label }}'], ''){% endfor %})
{%- endmacro %}

{# The cluster by the labels that agents and their owners name it with; null where none does. #}
{% macro cluster_of(labels) -%}
    {%- set names = [
        'cluster', 'k8s_cluster_name', 'cluster_name', 'k8s_cluster', 'kubernetes_cluster', 'kube_cluster_name'
    ] -%}
    coalesce({% for name in names %}nullif({{ labels }}['{{ name }}'], ''){{ '' if loop.last else ', ' }}{% endfor %})
{%- endmacro %}
