# `make` alone lists the targets. PYTHON=python3.13 make … uses another Python.
PYTHON ?= python3
SERVICE_PORT ?= 8000
LOCUST_PORT ?= 8089
PROMETHEUS_PORT ?= 9090
PYTEST_ARGS ?=
BENCH_ARGS ?=
DEMO_ARGS ?=
SOAK_MINUTES ?= 30
# From a plan to its report: a wrong line here is a wrong figure.
JUDGES := $(foreach part,plan records figures figures/axes figures/stampede report report/charts drills capacity,loadtests/experiments/$(part)/*.py)
# Each file of these is covered by unit tests; the others run in processes that tests start.
COVERED := service $(dir $(JUDGES)) \
  $(foreach part,traffic theory prediction replay output page/hit_ratio,loadtests/$(part))

VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
BIN := .venv/bin
RUN := .venv/.run-$(VERSION)
DEV := .venv/.dev-$(VERSION)
# What the service is measured beside has an environment of its own, where it can break nothing.
BENCH := .cache/bench/.installed-$(VERSION)
# What chooses the packages is none of them.
UV := .cache/lock/bin/uv
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --universal \
  --python-version 3.11 --generate-hashes --annotation-style line
# Without --no-compile, compiling modules that are never imported doubles the installation time.
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check install --no-compile
COMPOSE = $(shell docker compose version >/dev/null 2>&1 && echo docker compose || echo docker-compose)

# Without bytecode, each start of the service or of Locust takes a second of processor time to compile
# its libraries: whoever asks Python for none gets it from make all the same.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo run drills test test-faults soak coverage covered lint dashboards architecture lock licences pictures evening bench bench-check bench-load bench-stampede accept up down clean python

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(RUN)  ## see in three minutes how TTL moves hit ratio, latency and database load (DEMO_ARGS=)
	@$(BIN)/python -m loadtests sweep --plan loadtests/experiments/plans/demo.toml $(DEMO_ARGS)

run: $(RUN)  ## start the service on 8000 and Locust's page on 8089, until Ctrl-C (SERVICE_PORT=, LOCUST_PORT=, RUN_ARGS=)
	@$(BIN)/python -m loadtests run --service-port $(SERVICE_PORT) \
	  --locust-port $(LOCUST_PORT) --prometheus-port $(PROMETHEUS_PORT) \
	  $(RUN_ARGS)

drills: $(RUN)  ## break Redis and the database in ten ways, and write the table of docs/drills.md; eight minutes
	@$(BIN)/python -m loadtests drill all --page docs/drills.md

test: $(DEV)  ## run the tests against real servers, which need no root; five minutes
	@$(BIN)/python -m tests $(PYTEST_ARGS)

test-faults: $(DEV)  ## break everything that can break, and write what happened into docs/drills.md; seven minutes
	@FAULT_TABLE=docs/drills.md $(BIN)/python -m pytest -q -s -m integration -k promises \
	  tests/faults $(PYTEST_ARGS)

soak: $(DEV)  ## use the service at 70 % of its capacity for SOAK_MINUTES (30); print what rises
	@SOAK_MINUTES=$(SOAK_MINUTES) $(BIN)/python -m pytest -q -s -m accept tests/soak $(PYTEST_ARGS)

coverage: $(DEV)  ## run the unit tests and the cache contract; every file must be covered by 90 %
	@$(BIN)/python -m pytest -m "(unit or contract) and not accept" --cov --cov-report= $(PYTEST_ARGS)
	@$(MAKE) --no-print-directory covered

covered: $(DEV)  ## judge what the last make coverage covered
	@$(BIN)/coverage report --fail-under=95 --include='service/*'
	@$(BIN)/coverage report --fail-under=95 $(JUDGES)
	@$(BIN)/coverage json -q -o .coverage.json
	@$(BIN)/python -m tests.make.covered_files .coverage.json $(COVERED)

lint: $(DEV)  ## ruff and mypy --strict
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy

dashboards: $(DEV)  ## regenerate dashboards/*.json from dashboards/generator/
	@$(BIN)/python -m dashboards.generator

architecture: $(DEV)  ## rewrite the tree in ARCHITECTURE.md from the files' first sentences
	@$(BIN)/python -m tests.architecture_tree

lock: $(UV)  ## lock the packages of requirements*.txt by the hashes of their files (LOCK_ARGS=--upgrade)
	@$(COMPILE) $(LOCK_ARGS) --output-file requirements.lock requirements.txt
	@for part in service dev bench; do $(COMPILE) --constraints requirements.lock \
	  --output-file requirements-$$part.lock requirements-$$part.txt || exit; done

licences: $(DEV)  ## rewrite docs/licences.md from what the locked packages state
	@$(BIN)/python -m tests.supply.licences

pictures: $(DEV)  ## redraw the pictures of a sweep in docs/images from its records (FOLDER=results/sweep-…)
	@$(BIN)/python -m tests.pictures $(FOLDER)

evening: $(RUN)  ## play one flash sale under every protection, and write its table into docs/evening.md; seven minutes
	@$(BIN)/python -m loadtests evening --document docs/evening.md

bench: $(RUN) $(BENCH)  ## measure the service beside what people would use in its place; nine minutes
	@$(BIN)/python -m loadtests bench service $(BENCH_ARGS)

bench-check: $(RUN) $(BENCH)  ## measure it again and say which ratios became worse
	@$(BIN)/python -m loadtests bench check $(BENCH_ARGS)

bench-load: $(RUN)  ## measure what the load generator itself costs, beside plain Locust
	@$(BIN)/python -m loadtests bench load

bench-stampede: $(RUN)  ## measure the loads per refresh of a hot key, by protection
	@$(BIN)/python -m loadtests stampede

accept: $(DEV)  ## measure every promised figure in full; tens of minutes
	@$(BIN)/python -m pytest -m accept -s $(PYTEST_ARGS)
	@$(MAKE) --no-print-directory bench bench-load bench-stampede

up:  ## start everything in containers, then print the three addresses
	@$(COMPOSE) up --build --detach --wait
	@for door in 'Locust locust 8089' 'Grafana grafana 3000' 'Service front 8000'; do set -- $$door; \
	  echo "$$1: http://$$($(COMPOSE) port $$2 $$3)"; done

down:  ## stop and remove the containers; their volumes stay
	@$(COMPOSE) --profile '*' down --timeout 2

clean:  ## remove the virtual environment, caches and results
	@rm -rf .venv .cache results build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make: $(PYTHON) is not Python 3.11 or newer: apt-get install python3, or name another: make PYTHON=python3.13" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "make: $(PYTHON) cannot make virtual environments: apt-get install python3-venv" >&2; exit 2; }

$(RUN): requirements.lock | python
	@echo "installing the packages that run it into .venv ($(PYTHON), $(VERSION))" >&2
	@$(BIN)/python -c 'import sys, pip; sys.exit("%d.%d" % sys.version_info[:2] != "$(VERSION)")' 2>/dev/null \
	  || $(PYTHON) -m venv --clear .venv
	@$(PIP) --require-hashes -r requirements.lock
	@touch $@

$(DEV): requirements-dev.lock $(RUN)
	@echo "installing the packages that check it into .venv" >&2
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(BENCH): requirements-bench.lock | python
	@echo "installing what the service is measured beside into .cache/bench" >&2
	@$(PYTHON) -m venv --clear .cache/bench
	@.cache/bench/bin/python -m pip -qq --disable-pip-version-check install --require-hashes \
	  -r requirements-bench.lock
	@touch $@

$(UV): | python
	@$(PYTHON) -m venv --clear .cache/lock
	@.cache/lock/bin/python -m pip -qq --disable-pip-version-check install uv==0.13.9
