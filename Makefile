# bash: `wait -n` in the recipe of `up`.
SHELL := bash
.DEFAULT_GOAL := help

VENV ?= .venv
DROP ?=
LAKE ?= lake
OUT ?= $(LAKE_DIR)/sample
PORT ?= 8080
SUPERSET_PORT ?= 8088
FAULTS ?= few
REAL_DATA ?= $(wildcard ../shared/data/real)

# Not $(abspath): it takes a path with a blank for two paths.
absolute = $(if $(1),$(if $(filter /%,$(1)),$(1),$(CURDIR)/$(1)))
BIN := $(call absolute,$(VENV))/bin
PYTHON := "$(BIN)/python"
LAKE_DIR := $(call absolute,$(LAKE))
DROP_DIR := $(call absolute,$(DROP))
UV := "$(BIN)/uv"
UV_VERSION := 0.13.9
COMPILE = $(UV) pip compile --quiet --generate-hashes --no-emit-index-url \
	--no-emit-find-links --python-version 3.11 \
	--custom-compile-command "make lock" $(UPGRADE)

include airflow.env
export $(shell sed -n 's/^\([A-Z][A-Z_]*\)=.*/\1/p' airflow.env)
export PATH := $(BIN):$(PATH)
export PYTHONPATH := $(CURDIR)/plugins
export COMMON_METRICS_VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo unknown)
export AIRFLOW_HOME := $(LAKE_DIR)/airflow
export AIRFLOW__CORE__DAGS_FOLDER := $(CURDIR)/dags
export AIRFLOW__CORE__PLUGINS_FOLDER := $(CURDIR)/plugins
export AIRFLOW__API__PORT := $(PORT)
export AIRFLOW__API__BASE_URL := http://127.0.0.1:$(PORT)
# airflow.cfg, written once, holds absolute paths: of a lake that was copied or moved it
# would name the old one's database and logs.
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN := sqlite:///$(AIRFLOW_HOME)/airflow.db?timeout=60
export AIRFLOW__LOGGING__BASE_LOG_FOLDER := $(AIRFLOW_HOME)/logs
export AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY := $(AIRFLOW_HOME)/logs/dag_processor
# For the targets whose tools take no --lake: tests must not find the lake by chance.
up: export COMMON_METRICS_LAKE := $(LAKE_DIR)
# The students of the sample are invented, and so may be the key that hashes them.
ifeq ($(DROP),)
up: export COMMON_METRICS_STUDENT_KEY ?= of the sample, no secret
endif
up: export COMMON_METRICS_DROP := $(or $(DROP_DIR),$(LAKE_DIR)/sample/extracts)
notebook metric: export COMMON_METRICS_RELEASE := $(LAKE_DIR)/published/current/public.duckdb
metric: export DBT_TARGET := release
metric: export DBT_PROJECT_DIR := $(CURDIR)/dbt_project
metric: export DBT_PROFILES_DIR := $(CURDIR)/dbt_project
metric: export DBT_TARGET_PATH := $(CURDIR)/dbt_project/target
metric: export DBT_LOG_PATH := $(LAKE_DIR)/logs/dbt
metric: METRICS ?= pooled_low_pct,pooled_high_pct,schools_pooled_count,coverage_pct
metric: BY ?= state,metric,student_group,metric_time__year
metric: LIMIT ?= 40
docs: export DBT_LOG_PATH := $(LAKE_DIR)/logs/dbt
lint: export DBT_LOG_PATH := $(CURDIR)/dbt_project/logs
# Not where builds look for what is parsed: it holds the path of the project as given.
lint: export DBT_TARGET_PATH := $(CURDIR)/dbt_project/target/lint

# Each kind of client has an environment of its own: their packages do not fit together.
CLIENTS = $(VENV)-clients
PYTHON_CLIENTS := $(notdir $(basename $(wildcard tests/clients/locks/*.txt)))
CLIENTS_READY = $(patsubst %,$(CLIENTS)/%/.ready,$(PYTHON_CLIENTS) superset node)

# What counts students, if Spark does: DBT_TARGET=spark (docs/scale.md).
SPARK = $(VENV)-spark
SPARK_READY = $(if $(filter spark,$(DBT_TARGET)),$(SPARK)/.ready)

.PHONY: help run check drift report calendar replay doctor rotate-key drill drill-server fuzz test test-all server-test up backup restore sample rollback explain letter attack changes what-if bench bench-scale stress docs notebook metric clients superset new-source sources screenshot lint lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' Makefile
	@echo 'settings: DROP=<folder of extracts> (none: the sample), LAKE=<folder> (lake),'
	@echo '  TIER=public or partner, KEY=<provider>/<extract>, FILE=<path>, PORT=8080,'
	@echo '  REAL_DATA=<folder of publishers files>, VENV=<folder> (.venv),'
	@echo '  ARTEFACTS=<folder> in which the tests keep pictures of the site'

# What a command needs of a lake or of its words, said before its tool stumbles over it.
needs = @[ -e "$(1)" ] || { echo 'make $@: expected $(2). Found none in LAKE=$(LAKE).' \
	'Run `make run LAKE=$(LAKE)` first.'; exit 2; }
number = @case '$($(1))' in ''|*[!0-9]*) echo 'make $@: expected $(1)=<number>.' \
	'Found something else. Write it like `make $@ $(1)=40`.'; exit 2;; esac

# The program reads SCHOOL=, METRIC= and the like from its environment, to which make adds
# the variables that it is given.
COMMANDS := run check drift report calendar replay doctor rotate-key rollback explain letter attack changes what-if new-source sources
$(COMMANDS): export LAKE := $(LAKE)
$(COMMANDS): $(VENV)/.runtime $(SPARK_READY)
	@$(PYTHON) -m common_metrics.cli $@

run: ## land, validate, build and publish; DROP=, LAKE=
check: ## judge a file before it is sent; FILE=, KEY=
report: ## what delivered years hold beside the year before; KEY=, YEAR=, LAKE=
drift: ## what a publisher changed, and the patch for it; FILE=, KEY=, ACCEPT=yes, LAKE=
calendar: ## which deliveries are late, missing or unexpected; TODAY=, LAKE=
replay: ## judge kept files anew by the rules of today; KEY=, LAKE=
doctor: ## what is wrong with a lake, and its sizes; FIX=1 mends; LAKE=, DROP=
rotate-key: ## give a lake the student key that is set; LAKE=
rollback: ## publish the release before, or RELEASE=
explain: ## where a number comes from; SCHOOL=, METRIC=, YEAR=, GROUP=, TIER=
letter: ## a school's letter to parents as a PDF; SCHOOL=, LAKE=
changes: ## what moved since the release before, and why; LAKE=, TIER=
what-if: ## what changed rules would move; SEEDS=<folder>, LAKE=, TIER=
attack: ## what the current release gives away of hidden cells; LAKE=
new-source: ## draft a source from a sample file; KEY=, FILE=
sources: ## write the dbt sources anew from the contracts

# Two files of tests at a time, in the order of tests/conftest.py: the longest first.
PYTEST = REAL_DATA="$(call absolute,$(REAL_DATA))" $(PYTHON) -m pytest tests \
	-n 2 --dist loadfile --no-loadscope-reorder

test: $(VENV)/.dev ## run the tests that need Python alone, all stages on the sample
	@$(PYTEST) -m "not full"

test-all: $(VENV)/.dev $(CLIENTS_READY) $(SPARK)/.ready ## run every test; needs REAL_DATA, Node, Chromium, docker-compose, Java
	@$(PYTEST)

server-test: $(VENV)/.dev ## docker-compose.yml's services take the whole sample from S3; workers are killed
	@WHOLE_SAMPLE=1 $(PYTHON) -m pytest -v tests/test_server.py

# What has not ended ten seconds after it was asked to, is ended with all it started: a
# scheduler waits for its tasks. Nothing is lost, since files of the lake are renamed.
END_ALL = end_all() { parts=$$(jobs -p); kill $$parts; \
	for _ in $$(seq 20); do [ -n "$$(jobs -rp)" ] || break; sleep 0.5; done; \
	for part in $$parts; do kill -KILL -- -$$part; done; } 2>/dev/null
# It stays the last line: what the parts say goes to a log. `wait -n` ends with any job.
UP_LOG = $(LAKE_DIR)/logs/up.log
PASSWORDS = $(AIRFLOW_HOME)/simple_auth_manager_passwords.json.generated
ONCE_IT_ANSWERS = until (exec 3<>/dev/tcp/127.0.0.1/$(PORT)) 2>/dev/null; do sleep 1; done
# The lock is of the open file, which every part has: it is free when all have ended.
HOLD = $(PYTHON) -m common_metrics.cli hold "make up" 5 --lake "$(LAKE_DIR)"
SAY_WHERE = { echo "Airflow starts; what it says goes to $(UP_LOG)"; $(ONCE_IT_ANSWERS); \
	echo "Airflow: $(AIRFLOW__API__BASE_URL) (user and password:" \
	"$$(cat "$(PASSWORDS)")); Ctrl-C ends it"; exec sleep infinity; }

STEP ?= 1
drill: $(VENV)/.dev ## disturb runs in every way, run again, compare; STEP=, a kill each so many points
	$(call number,STEP)
	@$(PYTHON) tests/drill.py --step $(STEP)

drill-server: $(VENV)/.dev ## a week of deliveries from three servers, with nobody watching; needs faketime
	@$(PYTHON) tests/week.py

MUTANTS ?= 500
SEED ?= 1
fuzz: $(VENV)/.dev ## mutate the sample files and judge what becomes of them; MUTANTS=, SEED=
	$(call number,MUTANTS)
	$(call number,SEED)
	@$(PYTHON) tests/fuzz.py --mutants $(MUTANTS) --seed $(SEED)

# Not `airflow standalone`: its scheduler and triggerer serve the logs on every
# interface, and it has no switch against it. set -m keeps Ctrl-C from the components:
# a scheduler that gets SIGINT and then SIGTERM waits for its workers for ever. It begins
# when the API answers: a task that is begun before fails at once.
up: $(VENV)/.runtime $(SPARK_READY) $(if $(DROP),,sample) ## Airflow's UI and scheduler on 127.0.0.1; DROP=, LAKE=, PORT=
	@mkdir -p "$(LAKE_DIR)/logs" && mkdir -p -m 700 "$(AIRFLOW_HOME)"
	@exec 5>>"$(LAKE_DIR)/lease.json"; $(HOLD) || exit; \
	airflow db migrate >"$(UP_LOG)" 2>&1 || { tail -20 "$(UP_LOG)"; exit 1; }; \
	set -m; $(END_ALL); trap 'end_all; : >"$(LAKE_DIR)/lease.json"' EXIT; exec 4>>"$(UP_LOG)"; \
	airflow api-server >&4 2>&4 & \
	{ $(ONCE_IT_ANSWERS); exec airflow scheduler --skip-serve-logs >&4 2>&4; } & \
	airflow dag-processor >&4 2>&4 & airflow triggerer --skip-serve-logs >&4 2>&4 & \
	$(SAY_WHERE) & \
	wait -n; echo "make up: expected four parts of Airflow that run. Found that one has" \
		"ended. See the end of $(UP_LOG)."

# Folders are read in the order of their names: a receipt is in the copy only with the
# bytes that it speaks of, which are written before it. No build and no publication goes
# on meanwhile, and what they were killed over is left out.
COPIED = alerts deliveries landing published quarantine refused validated
LEFT_OUT = --exclude '.candidate-*' --exclude '.removed-*' --exclude '*.part'
backup: ## an encrypted copy of the lake, by restic; RESTIC_REPOSITORY=, RESTIC_PASSWORD=, LAKE=
	$(call needs,$(LAKE_DIR)/deliveries,a lake)
	@cd "$(LAKE_DIR)" && mkdir -p -m 700 build && \
		flock build/lock restic backup $(LEFT_OUT) $$(ls -d $(COPIED) 2>/dev/null)

SNAPSHOT ?= latest
restore: ## the copy, into an empty LAKE; SNAPSHOT=, RESTIC_REPOSITORY=, RESTIC_PASSWORD=
	@[ -z "$$(ls -A "$(LAKE_DIR)" 2>/dev/null)" ] || { echo 'make restore: expected an empty' \
		'folder. Found files in LAKE=$(LAKE). Name another one, or move it away first.'; exit 2; }
	@mkdir -p "$(LAKE_DIR)" && restic restore $(SNAPSHOT) --verify --target "$(LAKE_DIR)"

sample: $(VENV)/.runtime ## write the sample extracts; OUT=, FAULTS=all
	@case '$(FAULTS)' in few|all) ;; *) echo 'make sample: expected FAULTS=few or all.' \
		'Found something else. Write it like `make sample FAULTS=all`.'; exit 2;; esac
	@mkdir -p -m 700 "$(call absolute,$(OUT))"
	@$(PYTHON) tests/sample/generate.py "$(call absolute,$(OUT))" --faults "$(FAULTS)"

BEFORE ?= 336eb0e
RUNS ?= 3
bench: $(VENV)/.dev ## what the stages cost beside an earlier commit; BEFORE=, RUNS=, DROP=, LAKE=
	$(call number,RUNS)
	@$(PYTHON) tests/bench.py --lake "$(LAKE_DIR)" --before "$(BEFORE)" --runs $(RUNS) \
		$(if $(DROP),--drop "$(DROP_DIR)")

# All four take hours: ROWS=1000000 is one of them. OF=attendance or enrolment.
OF ?= attendance
ROWS ?= 1000000 10000000 20000000 100000000
EARTHMOVER = $(VENV)-earthmover
bench-scale: $(VENV)/.dev $(EARTHMOVER)/.ready ## big deliveries beside a bare script, earthmover and pandas; OF=, ROWS=, RUNS=, LAKE=
	$(call number,RUNS)
	@$(PYTHON) tests/bench_scale.py --work "$(LAKE_DIR)/scale" --of $(OF) --rows $(ROWS) \
		--runs $(RUNS) --earthmover "$(call absolute,$(EARTHMOVER))"

SCHOOLS ?= 20
# What an earlier commit hides of the same, if BESIDE names one: it was slow.
BESIDE ?=
stress: $(VENV)/.dev ## what hiding costs on invented schools, and what is recovered; SCHOOLS=, BESIDE=336eb0e
	$(call number,SCHOOLS)
	@$(PYTHON) tests/stress.py --schools $(SCHOOLS) $(if $(BESIDE),--before "$(BESIDE)")
	@$(PYTHON) tests/witness.py --schools $(SCHOOLS)

docs: $(VENV)/.runtime ## models, columns and tests of the last build, in LAKE/docs
	$(call needs,$(LAKE_DIR)/build/warehouse.duckdb,a build)
	@mkdir -p -m 700 "$(LAKE_DIR)/docs"
	@$(PYTHON) -m common_metrics.cli sources >/dev/null
	@cd "$(LAKE_DIR)" && dbt docs generate --static \
		--project-dir "$(CURDIR)/dbt_project" --profiles-dir "$(CURDIR)/dbt_project" \
		--target-path "$(LAKE_DIR)/docs"
	@echo "docs: $(LAKE_DIR)/docs/static_index.html"

notebook: $(VENV)/.dev ## the notebook, run on the current release, as LAKE/notebook.html
	@$(PYTHON) notebooks/to_html.py "$(LAKE_DIR)/notebook.html"
	@echo "notebook: $(LAKE_DIR)/notebook.html"

# mf finds its manifest below the project alone, and asks outside for newer versions: it
# is sent to a port where nothing listens.
SHOW_ROWS = import sys, duckdb; \
	file, most = sys.argv[1], int(sys.argv[2]); rows = duckdb.read_csv(file); \
	rows.limit(most).show(max_rows=most, max_width=200); \
	print(f"{min(most, len(rows)):,} of {len(rows):,} rows, in order; all are in {file}." \
	" LIMIT= shows more, WHERE= narrows them.")
metric: $(VENV)/.dev ## ask the semantic layer; METRICS=, BY=, WHERE=, LIMIT=, LAKE=
	$(call number,LIMIT)
	$(call needs,$(LAKE_DIR)/published/current/public.duckdb,a release)
	@mkdir -p "$(LAKE_DIR)/logs"
	@$(PYTHON) -m common_metrics.cli sources >/dev/null
	@dbt --quiet parse --project-dir "$(CURDIR)/dbt_project" \
		--profiles-dir "$(CURDIR)/dbt_project"
	@HTTPS_PROXY=http://127.0.0.1:9 mf query --metrics "$(METRICS)" --group-by "$(BY)" \
		--order "$(BY)" $(if $(WHERE),--where "$(WHERE)") --csv "$(LAKE_DIR)/logs/metric.csv"
	@$(PYTHON) -c '$(SHOW_ROWS)' "$(LAKE_DIR)/logs/metric.csv" $(LIMIT)

clients: $(VENV)/.runtime $(CLIENTS_READY) ## what BI clients see while releases change; LAKE=
	@$(PYTHON) -m tests.clients.run --lake "$(LAKE_DIR)" \
		--environments "$(call absolute,$(CLIENTS))"

superset: $(CLIENTS)/superset/.ready ## Superset on 127.0.0.1 with the dashboard; LAKE=, SUPERSET_PORT=
	@"$(call absolute,$(CLIENTS))/superset/bin/python" superset/serve.py \
		"$(LAKE_DIR)/superset" "$(LAKE_DIR)/published/current/public.duckdb" --port $(SUPERSET_PORT)

SCHOOL_PAGE ?= schools/099900100001.html
PRINT_PAGE = import sys, pathlib; from common_metrics.publication.letter import print_page; \
	print_page(pathlib.Path(sys.argv[1]), *sys.argv[2:])
screenshot: $(VENV)/.runtime ## the picture of the README, from the sample's site; needs chromium; LAKE=
	@$(PYTHON) -c "$(PRINT_PAGE)" "$(LAKE_DIR)/published/current/site/$(SCHOOL_PAGE)" \
		--hide-scrollbars --window-size=860,1400 \
		--screenshot="$(CURDIR)/docs/images/school.png"

lint: $(VENV)/.dev ## ruff, types, the layers of the dbt project, sqlfluff
	@ruff check . && ruff format --check .
	@mypy
	@$(PYTHON) -m common_metrics.cli sources >/dev/null
	@dbt --quiet parse --project-dir "$(CURDIR)/dbt_project" \
		--profiles-dir "$(CURDIR)/dbt_project"
	@dbt-bouncer run --config-file dbt_project/dbt-bouncer.yml
	@sqlfluff lint --processes 2 dbt_project/models

lock: $(VENV)/.uv ## resolve the locks anew; UPGRADE=--upgrade for newer versions
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-dev.in -o requirements-dev.txt
	$(COMPILE) requirements-spark.in -o requirements-spark.txt
	$(COMPILE) tests/scale/earthmover.in -o tests/scale/earthmover.txt
	$(COMPILE) superset/requirements.in -o superset/requirements.txt
	for lock in $(PYTHON_CLIENTS:%=tests/clients/locks/%); do \
		$(COMPILE) $$lock.in -o $$lock.txt || exit 1; \
	done

# What make did not make, such as an environment of one's own, stays.
clean: ## remove what make and dbt made; the lake stays
	rm -rf $(if $(wildcard .venv/.uv),.venv) $(dir $(wildcard .venv-clients/*/.ready .venv-spark/.ready .venv-earthmover/.ready)) \
		dbt_project/target dbt_project/logs .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find $(wildcard dags dbt_project notebooks plugins superset tests) -name __pycache__ \
		-prune -exec rm -rf {} +

$(VENV)/.uv:
	@for python in python3.11 python3; do \
		$$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
			2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'make: expected Python 3.11 on the path. Found neither python3.11' \
			'nor a python3 of 3.11. Install it, then call make again.'; \
		exit 1; \
	fi; \
	$$python -m venv $(VENV)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

$(VENV)/.runtime: requirements.txt | $(VENV)/.uv
	$(UV) pip install --quiet --require-hashes -p $(PYTHON) -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(UV) pip install --quiet --require-hashes -p $(PYTHON) -r requirements-dev.txt
	@touch $@

install_client = @$(UV) venv --quiet --allow-existing --python $(PYTHON) $(@D) \
	&& $(UV) pip install --quiet --require-hashes -p $(@D)/bin/python -r $< && touch $@

$(SPARK)/.ready: requirements-spark.txt | $(VENV)/.uv
	$(install_client)

$(EARTHMOVER)/.ready: tests/scale/earthmover.txt | $(VENV)/.uv
	$(install_client)

$(CLIENTS)/%/.ready: tests/clients/locks/%.txt | $(VENV)/.uv
	$(install_client)

$(CLIENTS)/superset/.ready: superset/requirements.txt | $(VENV)/.uv
	$(install_client)

# Node looks for packages beside the program.
$(CLIENTS)/node/.ready: $(addprefix tests/clients/node/,.npmrc package.json package-lock.json reading.mjs)
	@mkdir -p $(@D) && cp $^ $(@D) && npm ci --prefix $(@D) --silent --no-audit --no-fund && touch $@
