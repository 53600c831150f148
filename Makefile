# Needs bash, git, make and Python 3.11 or newer. `make help` lists what there is.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

VENV ?= .venv
# requirements-dbt-next.lock, with a VENV of its own, has the newest dbt
LOCK ?= requirements.lock
BIN := $(VENV)/bin
DBT_ARGS ?=
PYTEST_ARGS ?=
SAMPLE ?= data/sample
TEST_DATA := data/test
# Generic tests and macros are Jinja first and SQL second: they are read, not linted.
SQL := $(wildcard models analyses) $(filter-out tests/generic/ tests/python/,$(wildcard tests/*/))

# The first Python that is new enough; PYTHON=... overrides.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$python && break; done)

# $(call stamp,environment,files): a changed lock installs anew, an unchanged one costs nothing.
stamp = $(1)/.installed-$(shell cat $(2) | cksum | tr ' ' '-')

# $(call install,python,environment,lock): an environment that holds what the lock says and nothing else.
define install
@test -n "$(1)" || { echo "$(2) needs Python 3.11 or newer (3.12 for the FOCUS validator) and none was found; set PYTHON or PYTHON_3_12 to its path" >&2; exit 1; }
@test -x $(2)/bin/python || $(1) -m venv $(2) \
	|| { echo "$(1) cannot make an environment (on Debian: apt install python3-venv)" >&2; rm -rf $(2); exit 1; }
$(2)/bin/python -m pip install --quiet --no-deps --require-hashes -r $(3)
endef

define installed
@rm -f $(1)/.installed-*
@touch $@
endef

INSTALLED := $(call stamp,$(VENV),$(LOCK) pyproject.toml)

export PATH := $(abspath $(BIN)):$(PATH)
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export DO_NOT_TRACK := 1
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
# The same order of models and tests from an eighth of the edges: a build starts sooner
export DBT_USE_FAST_TEST_EDGES := true
export GX_ANALYTICS_ENABLED := false

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  make %-16s %s\n", $$1, $$2}' Makefile

# Unit tests are about the code and see no data: `make test` runs them.
.PHONY: build
build: $(INSTALLED) ## Environment, sample data if there is no data yet, dbt build, summary
	@$(MAKE) $(if $(UNIT_ECONOMICS_DATA),,$(SAMPLE)/.complete)
	dbt build --profiles-dir profiles --exclude-resource-type unit_test $(DBT_ARGS)
	@ai-unit-economics summary

.PHONY: doctor
doctor: $(INSTALLED) ## Say what your data and seeds are missing, for which mart; builds nothing
	@ai-unit-economics doctor

.PHONY: publish
publish: build ## Build, and if all passed hand the marts to readers in one step (docs/publishing.md)
	@ai-unit-economics publish

.PHONY: dbt-docs
dbt-docs: build ## Build, and write dbt's documentation as one file that works offline, data/dbt-docs.html
	dbt docs generate --static --profiles-dir profiles
	cp $${DBT_TARGET_PATH:-target}/static_index.html data/dbt-docs.html

.PHONY: report
report: publish ## Build, publish, and render the figures as one HTML file, data/report.html
	@ai-unit-economics report

.PHONY: metrics
metrics: publish ## Build, publish, and write metrics for Prometheus, data/metrics
	@ai-unit-economics metrics

.PHONY: test
test: $(INSTALLED) ## Everything that CI runs
	@$(MAKE) --jobs 2 --output-sync=target lint test-build
	@$(MAKE) test-python

# A small sample of its own, away from your data: models, unit tests and data tests.
.PHONY: test-build
test-build: $(INSTALLED)
	rm -rf $(TEST_DATA)
	ai-unit-economics sample --out $(TEST_DATA)/sample --days 35 --scale 0.1 --quiet
	UNIT_ECONOMICS_DATA=$(TEST_DATA)/sample UNIT_ECONOMICS_DATABASE=$(TEST_DATA)/unit_economics.duckdb \
		DBT_TARGET_PATH=target/test dbt build --profiles-dir profiles
	@UNIT_ECONOMICS_DATABASE=$(TEST_DATA)/unit_economics.duckdb ai-unit-economics summary

# In two processes, long files first (tests/python/conftest.py); PYTEST_ARGS='-n 0' runs them in one.
.PHONY: test-python
test-python: $(INSTALLED)
	pytest --numprocesses 2 --dist loadgroup --no-loadscope-reorder $(PYTEST_ARGS)

# What takes minutes a test: books that change under a closed month, raw exports against the rules of the models.
.PHONY: test-slow
test-slow: $(INSTALLED) ## The Python tests that are too long for `make test`
	BOOK_CHANGES=$${BOOK_CHANGES:-20} pytest --numprocesses 2 -m slow --ignore tests/python/reliability $(PYTEST_ARGS)

.PHONY: reliability
reliability: $(INSTALLED) ## Thousands of hostile and broken files; the table of docs/reliability.md, in data/reliability.md
	@mkdir -p data
	HOSTILE_FILES=$${HOSTILE_FILES:-2400} HOSTILE_TABLE=data/reliability.md pytest -n 0 -m slow tests/python/reliability $(PYTEST_ARGS)
	@cat data/reliability.md

# The small sample's build leaves the statement of every test; MUTANTS='--sample 12' draws some of each model.
.PHONY: mutation-score
mutation-score: $(INSTALLED) ## How many mistakes in the SQL of the models the tests see
	@test -f $(TEST_DATA)/unit_economics.duckdb || $(MAKE) test-build
	python -m tools.mutation_score --target target/test --database $(TEST_DATA)/unit_economics.duckdb $(MUTANTS)

.PHONY: lint
lint: $(INSTALLED) ## Check SQL, Python and YAML
	ruff check .
	ruff format --check .
	yamllint --strict .
	python -m tools.lint_sql lint --processes 0 --disable-progress-bar $(SQL)

.PHONY: format
format: $(INSTALLED) ## Rewrite SQL and Python in the house style
	ruff check --fix .
	ruff format .
	python -m tools.lint_sql fix --processes 0 --disable-progress-bar $(SQL)

.PHONY: sample
sample: $(INSTALLED) ## Generate the sample data anew
	rm -f $(SAMPLE)/.complete
	@$(MAKE) $(SAMPLE)/.complete

$(SAMPLE)/.complete:
	ai-unit-economics sample --out $(SAMPLE)
	@touch $@

# Great Expectations is large and slow to import: it has an environment of its own.
CONFORMANCE_VENV ?= .venv-conformance
CONFORMANCE_INSTALLED := $(call stamp,$(CONFORMANCE_VENV),requirements-conformance.lock pyproject.toml)

.PHONY: conformance
conformance: $(CONFORMANCE_INSTALLED) ## Check raw FOCUS exports with Great Expectations; Data Docs
	@$(MAKE) $(if $(UNIT_ECONOMICS_DATA),,$(SAMPLE)/.complete)
	PYTHONPATH=src $(CONFORMANCE_VENV)/bin/python -m ai_unit_economics.cli conformance

$(CONFORMANCE_INSTALLED):
	$(call install,$(PYTHON),$(CONFORMANCE_VENV),requirements-conformance.lock)
	$(call installed,$(CONFORMANCE_VENV))

# The FinOps Foundation's validator wants Python 3.12 and another numpy.
FOCUS_VALIDATOR_VENV ?= .venv-focus-validator
FOCUS_VALIDATOR_INSTALLED := $(call stamp,$(FOCUS_VALIDATOR_VENV),requirements-focus-validator.lock)
PYTHON_3_12 ?= $(shell for python in python3.12 python3 $(wildcard $(HOME)/.pyenv/versions/3.12.*/bin/python); do \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))' >/dev/null 2>&1 && echo $$python && break; done)

.PHONY: focus-validator
focus-validator: $(INSTALLED) $(FOCUS_VALIDATOR_INSTALLED) ## Put the FOCUS validator to the normalised charges of the small sample
	@test -f $(TEST_DATA)/unit_economics.duckdb || $(MAKE) test-build
	python -m tools.focus_validator --database $(TEST_DATA)/unit_economics.duckdb \
		--validator $(FOCUS_VALIDATOR_VENV)/bin/focus-validator

$(FOCUS_VALIDATOR_INSTALLED):
	$(call install,$(PYTHON_3_12),$(FOCUS_VALIDATOR_VENV),requirements-focus-validator.lock)
	$(call installed,$(FOCUS_VALIDATOR_VENV))

# MetricFlow answers from the semantic layer; dbt build needs none of it.
METRICFLOW_VENV ?= .venv-metricflow
METRICFLOW_INSTALLED := $(call stamp,$(METRICFLOW_VENV),requirements-metricflow.lock)

.PHONY: metricflow
metricflow: $(METRICFLOW_INSTALLED) ## Install MetricFlow: .venv-metricflow/bin/mf query ...
	dbt parse --profiles-dir profiles --quiet

# Every answer of `mf query` against the facts, on the small sample.
.PHONY: metricflow-test
metricflow-test: $(INSTALLED) $(METRICFLOW_INSTALLED) ## Check the answers of the semantic layer against the facts
	@test -f $(TEST_DATA)/unit_economics.duckdb || $(MAKE) test-build
	dbt parse --profiles-dir profiles --quiet
	UNIT_ECONOMICS_DATA=$(TEST_DATA)/sample UNIT_ECONOMICS_DATABASE=$(TEST_DATA)/unit_economics.duckdb \
		DBT_PROFILES_DIR=profiles METRICFLOW=$(METRICFLOW_VENV)/bin/mf pytest $(PYTEST_ARGS) tests/metricflow

$(METRICFLOW_INSTALLED):
	$(call install,$(PYTHON),$(METRICFLOW_VENV),requirements-metricflow.lock)
	$(call installed,$(METRICFLOW_VENV))

# Airflow runs the project's commands in the other environments and shares no package with them.
AIRFLOW_VENV ?= .venv-airflow
AIRFLOW_INSTALLED := $(call stamp,$(AIRFLOW_VENV),requirements-airflow.lock)
AIRFLOW_HOME ?= data/airflow
AIRFLOW := AIRFLOW_HOME=$(abspath $(AIRFLOW_HOME)) AIRFLOW__CORE__DAGS_FOLDER=$(abspath dags) \
	AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__CORE__PARALLELISM=4 AIRFLOW__COSMOS__ENABLE_TELEMETRY=False $(AIRFLOW_VENV)/bin/airflow

.PHONY: airflow
airflow: $(INSTALLED) $(CONFORMANCE_INSTALLED) $(AIRFLOW_INSTALLED) ## Airflow with the DAG unit_economics, on http://localhost:8080
	@$(MAKE) $(if $(UNIT_ECONOMICS_DATA),,$(SAMPLE)/.complete)
	$(AIRFLOW) db migrate
	$(AIRFLOW) pools set unit_economics_writer 1 "DuckDB lets one process write"
	$(AIRFLOW) standalone

# Real runs on a small sample: published, nothing new, killed and retried, broken and mended.
.PHONY: airflow-test
airflow-test: $(INSTALLED) $(CONFORMANCE_INSTALLED) $(AIRFLOW_INSTALLED) ## Run the Airflow DAG for real, on a small sample
	AIRFLOW_VENV=$(abspath $(AIRFLOW_VENV)) CONFORMANCE_VENV=$(abspath $(CONFORMANCE_VENV)) \
		pytest $(PYTEST_ARGS) tests/airflow

$(AIRFLOW_INSTALLED):
	$(call install,$(PYTHON),$(AIRFLOW_VENV),requirements-airflow.lock)
	$(call installed,$(AIRFLOW_VENV))

# Superset over what is published, on localhost (docs/dashboards.md); SUPERSET_PORT, SUPERSET_ADMIN_PASSWORD.
SUPERSET_VENV ?= .venv-superset
SUPERSET_INSTALLED := $(call stamp,$(SUPERSET_VENV),requirements-superset.lock)
PUBLISHED = $(or $(UNIT_ECONOMICS_PUBLISHED),data/published)/unit_economics.duckdb

.PHONY: superset
superset: $(SUPERSET_INSTALLED) ## Dashboards in Apache Superset over what is published, on localhost:8088
	@test -f $(PUBLISHED) || $(MAKE) publish
	@$(SUPERSET_VENV)/bin/python bi/superset/serve.py

# Superset for real on the small sample: each chart's figures against SQL, a publication in between, Chromium.
.PHONY: superset-test
superset-test: $(INSTALLED) $(SUPERSET_INSTALLED) ## Check the Superset dashboard against SQL and in a browser
	@test -f $(TEST_DATA)/unit_economics.duckdb || $(MAKE) test-build
	UNIT_ECONOMICS_DATABASE=$(TEST_DATA)/unit_economics.duckdb SUPERSET_PYTHON=$(SUPERSET_VENV)/bin/python \
		pytest $(PYTEST_ARGS) tests/superset

$(SUPERSET_INSTALLED):
	$(call install,$(PYTHON),$(SUPERSET_VENV),requirements-superset.lock)
	$(call installed,$(SUPERSET_VENV))

# The same marts on Spark: its wheel brings the engine, Java 17 or 21 is the machine's. No table of yours is touched.
# SPARK_TEST="--local" is one process instead of a cluster; "--no-sample --worlds 20" tries more worlds.
SPARK_TEST ?=

SPARK_VENV ?= .venv-spark
SPARK_INSTALLED := $(call stamp,$(SPARK_VENV),requirements-spark.lock pyproject.toml)

.PHONY: spark-test
spark-test: $(INSTALLED) $(SPARK_INSTALLED) ## Build the small sample and three random worlds on a Spark cluster, and compare every cell
	@test -f $(TEST_DATA)/unit_economics.duckdb || $(MAKE) test-build
	python -m tools.spark_marts --database $(TEST_DATA)/unit_economics.duckdb --data $(TEST_DATA)/sample \
		--manifest target/test/manifest.json \
		--folder $(TEST_DATA)/spark --environment $(SPARK_VENV) --worlds 3 $(SPARK_TEST)

$(SPARK_INSTALLED):
	$(call install,$(PYTHON),$(SPARK_VENV),requirements-spark.lock)
	$(call installed,$(SPARK_VENV))

# A stand-in for S3 on loopback counts what is asked of it. The wheel of DuckDB's extension is for 1.5.5 alone: here it
# goes before the build's DuckDB, whose other packages are used as they are.
OBJECT_STORES_VENV ?= .venv-object-stores
OBJECT_STORES_INSTALLED := $(call stamp,$(OBJECT_STORES_VENV),requirements-object-stores.lock pyproject.toml)

.PHONY: object-store-test
object-store-test: $(INSTALLED) $(OBJECT_STORES_INSTALLED) ## Read a bucket of a stand-in for S3, and count requests and bytes
	PYTHONPATH=src $(OBJECT_STORES_VENV)/bin/python -m pytest -n 0 $(PYTEST_ARGS) tests/python/landing/test_object_store.py

$(OBJECT_STORES_INSTALLED):
	$(call install,$(PYTHON),$(OBJECT_STORES_VENV),requirements-object-stores.lock)
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" \
		> "$$($(OBJECT_STORES_VENV)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/build.pth"
	$(call installed,$(OBJECT_STORES_VENV))

.PHONY: benchmark
benchmark: $(INSTALLED) ## Time and memory of a full build of the sample
	@$(MAKE) $(SAMPLE)/.complete
	python -m benchmarks.build
	python -m benchmarks.forecast
	@$(MAKE) benchmark-stages

# SIZE is the rows of the bill; samples of counters are 20 times as many. WORLD=distinct has no line twice.
SIZE ?= 1000000
WORLD ?= repeating

.PHONY: benchmark-stages
benchmark-stages: $(INSTALLED) ## Each stage of a build against a plain load and a scan of the same files
	python -m benchmarks.stages --charges $(SIZE) --world $(WORLD)

# Other engines count the same samples. Spark needs Java 17 or 21.
PEERS_VENV ?= .venv-peers
PEERS_INSTALLED := $(call stamp,$(PEERS_VENV),requirements-peers.lock pyproject.toml)

.PHONY: benchmark-peers
benchmark-peers: $(INSTALLED) $(PEERS_INSTALLED) ## The same count by Polars, chDB, Spark, pandas and plain DuckDB
	python -m benchmarks.peers --charges $(SIZE) --python $(PEERS_VENV)/bin/python

$(PEERS_INSTALLED):
	$(call install,$(PYTHON),$(PEERS_VENV),requirements-peers.lock)
	$(call installed,$(PEERS_VENV))

.PHONY: benchmark-cluster
benchmark-cluster: $(INSTALLED) $(SPARK_INSTALLED) ## 200 million samples to daily states on a Spark cluster, and on DuckDB
	python -m benchmarks.cluster --environment $(SPARK_VENV)

.PHONY: benchmark-verdicts
benchmark-verdicts: $(INSTALLED) ## How often gates, verdicts, anomalies and forecasts err on simulated noise: an hour
	python -m benchmarks.release_gate
	python -m benchmarks.scaling
	python -m benchmarks.anomalies
	python -m benchmarks.forecast_accuracy

.PHONY: benchmark-focus
benchmark-focus: $(INSTALLED) ## Time and memory of staging 1 GB of FOCUS as Parquet and as CSV.GZ
	@$(MAKE) $(SAMPLE)/.complete
	python -m benchmarks.focus

.PHONY: docs
docs: $(INSTALLED) ## Write what code and seeds say into docs: configuration.md, landed-tables.md, personal-data.md
	python -m tools.configuration_page
	python -m tools.landed_tables_page
	python -m tools.personal_data_page

.PHONY: licences
licences: $(INSTALLED) ## Write docs/licences.md from the environments that are installed
	python -m tools.licences_page

# Read off the compiled SQL: where each number comes from, and how far the models are from other engines.
.PHONY: lineage portability
lineage: ## Check where every number of the marts comes from, and write docs/lineage.md
portability: ## Write docs/portability.md: what would not run on other engines
lineage portability: $(INSTALLED)
	python -m tools.compiled_pages $@

# The list prices of hosted models: the newest release of genai-prices on the day of the look, by its own data alone.
SEEN_ON ?= $(shell date -u +%F)
HOSTED_PRICES_VENV ?= .venv-hosted-prices

.PHONY: hosted-prices
hosted-prices: ## Add today's list prices of hosted models to their history in seeds/reference
	@test -x $(HOSTED_PRICES_VENV)/bin/python || $(PYTHON) -m venv $(HOSTED_PRICES_VENV)
	$(HOSTED_PRICES_VENV)/bin/python -m pip install --quiet --upgrade 'pip>=26'
	$(HOSTED_PRICES_VENV)/bin/python -m pip install --quiet --upgrade --uploaded-prior-to $(SEEN_ON) genai-prices
	$(HOSTED_PRICES_VENV)/bin/python tools/hosted_prices.py --seen-on $(SEEN_ON)

# Superset, Airflow and the validator pin what the project's own dependencies do not allow: they are resolved without them.
RESOLVE := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header

.PHONY: lock
lock: ## Resolve the locks again (needs uv)
	$(RESOLVE) --python-version 3.11 pyproject.toml --extra dev --output-file requirements.lock
	for extra in conformance metricflow spark; do $(RESOLVE) --python-version 3.11 pyproject.toml --extra $$extra \
		--constraint requirements.lock --output-file requirements-$$extra.lock; done
	for group in airflow superset object-stores peers; do $(RESOLVE) --python-version 3.11 --group $$group \
		--output-file requirements-$$group.lock; done
	$(RESOLVE) --python-version 3.11 pyproject.toml --extra dev --override requirements-dbt-next.in \
		--output-file requirements-dbt-next.lock
	$(RESOLVE) --python-version 3.12 requirements-focus-validator.in --output-file requirements-focus-validator.lock

.PHONY: clean
clean: ## Remove the database, the sample and dbt's output; your own data elsewhere stays
	rm -rf target logs $(SAMPLE) $(TEST_DATA) data/tmp data/*.duckdb data/*.duckdb.tmp data/*.duckdb.wal .pytest_cache .ruff_cache

$(INSTALLED):
	$(call install,$(PYTHON),$(VENV),$(LOCK))
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(call installed,$(VENV))
