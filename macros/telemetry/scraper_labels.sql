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

{# Labels by which a server tells parts of itself apart, each of which counts for itself. #}
{% macro part_labels() -%}
    {{ return([
        'engine', 'engine_id', 'engine_index', 'engine_type', 'worker', 'worker_id', 'worker_type', 'WorkerId', 'ReplicaId',
        'replica_id', 'rank', 'dp_rank', 'tp_rank', 'pp_rank', 'ep_rank', 'moe_ep_rank', 'pid', 'process', 'process_id', 'gpu',
        'device', 'model', 'model_name', 'served_model_name', 'model_id', 'model_version', 'version', 'lora', 'adapter', 'role'
    ]) }}
{%- endmacro %}

{# The value of the one label in which two maps of labels differ that say the same otherwise. #}
{% macro differing_label(labels, other_labels) -%}
    {{ labels }}[{{ element_of(
        list_where('map_keys(' ~ labels ~ ')', 'name', labels ~ '[name] != ' ~ other_labels ~ '[name]'), 1
    ) }}]
{%- endmacro %}

{# Whether two maps of labels differ in a label by which a server tells parts of itself apart. #}
{% macro differ_in_part(labels, other_labels) -%}
    {%- set condition -%}
        name in ('{{ part_labels() | join("', '") }}') and {{ labels }}[name] != {{ other_labels }}[name]
    {%- endset -%}
    {{ length_of(list_where('map_keys(' ~ labels ~ ')', 'name', condition)) }} > 0
{%- endmacro %}

{# Whether an instance is an address of digits, and no name. #}
{% macro is_address(instance) -%}
    ({{ matches_all(instance, "'([0-9]+[.]){3}[0-9]+(:[0-9]+)?'") }} or {{ begins_with(instance, "'['") }})
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
