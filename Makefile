# Shirase. `make help` lists what there is.
#
# Every target works on a fresh clone: what it needs is set up first and not again until it changes.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
TEST_TOOLS := .cache/test-tools
AREAS := .cache/areas/japan.bin
WEB := web/dist/sw.js

ARGS ?=
SIZE ?= ci
PYTEST_ARGS ?=
# Three files at a time on two cores: the slow ones wait for brokers and rejoining groups. A file stays together,
# because its tests share what they set up.
IN_PARALLEL ?= -n 3 --dist loadfile
LOCK_ARGS ?=

.PHONY: help setup demo test bench lint format types imports unit kafka kafka-stop pictures docs coverage lock web clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  \1\t/' | expand -t 14

setup: $(INSTALLED) ## create .venv with the locked packages

# The stamp depends on the lock and on the list of packages; nothing else changes what is installed.
$(INSTALLED): requirements.lock pyproject.toml ops/setup.sh
	@bash ops/setup.sh $(VENV)
	@touch $@

# What the tests need from the system: Java and Maven for Apache Kafka, Prometheus, browsers, servers.
$(TEST_TOOLS): ops/system-packages.sh
	@bash ops/system-packages.sh
	@mkdir -p $(@D) && touch $@

# Which cells a municipality has: a minute on two cores, once. An order-only need, so that a newer
# environment does not build it again.
$(AREAS): | $(INSTALLED)
	@echo "area table of all Japan: once, about a minute"
	@$(VENV)/bin/shirase areas --areas $@

# The residents' pages. npm checks each package against the lock; nothing is loaded from elsewhere at run time.
$(WEB): web/package-lock.json $(shell find web/src web/public web/*.html web/*.ts web/*.json -type f 2>/dev/null)
	@if ! command -v npm >/dev/null; then \
		echo "pages: npm is not here; install Node 18 or newer to build them (the first page works without)"; \
	else \
		echo "pages: npm ci and build"; \
		cd web && npm ci --no-audit --no-fund --loglevel=error && npm run -s build && touch dist/sw.js; \
	fi

web: $(WEB) ## build the residents' pages (needs Node 18 or newer)

demo: setup $(AREAS) $(WEB) ## the demo city, e.g. make demo ARGS="--headless --json"
	@$(VENV)/bin/shirase demo $(ARGS)

test: setup $(TEST_TOOLS) $(AREAS) $(WEB) lint ## lint, types, import contracts and all tests, Apache Kafka included
	@echo "make test: Apache Kafka's jars"
	@$(PYTHON) -m streams.brokers.kafka fetch
	@echo "make test: pytest"
	@$(PYTHON) -m pytest $(IN_PARALLEL) $(PYTEST_ARGS)

unit: setup $(AREAS) ## the tests that need no Apache Kafka, for a quick look
	@$(PYTHON) -m pytest -m "not kafka and not browser" $(PYTEST_ARGS)

bench: setup $(AREAS) ## the load tests, SIZE=ci by default
	@$(PYTHON) -m load_tests.river_flood --size $(SIZE)
	@$(PYTHON) -m load_tests.fanout $(if $(filter full,$(SIZE)),--subscribers 1000000 --broker kafka,--subscribers 20000 --quick)

lint: setup types imports ## ruff, mypy and import-linter
	@echo "make lint: ruff"
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

types: setup
	@echo "make lint: mypy"
	@$(VENV)/bin/mypy

imports: setup
	@echo "make lint: import contracts"
	@$(VENV)/bin/lint-imports

format: setup ## format and sort imports
	@$(VENV)/bin/ruff check --select I --fix .
	@$(VENV)/bin/ruff format .

kafka: setup $(TEST_TOOLS) ## start the local Apache Kafka on loopback
	@$(PYTHON) -m streams.brokers.kafka fetch
	@$(PYTHON) -m streams.brokers.kafka start

kafka-stop: setup ## stop it
	@$(PYTHON) -m streams.brokers.kafka stop

pictures: setup $(TEST_TOOLS) $(AREAS) $(WEB) ## take the pictures of docs/ from the demo anew (Chromium)
	@$(PYTHON) -m tests.web.pictures $(ARGS)

docs: setup ## write the pages of docs/ that are made from the code
	@$(PYTHON) -m shirase.documentation

coverage: setup ## the quick tests with a coverage report
	@$(PYTHON) -m pytest -m "not kafka and not browser" --cov --cov-report=term $(PYTEST_ARGS)

lock: setup ## follow pyproject.toml in requirements.lock; LOCK_ARGS=--upgrade for newer versions
	@$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --all-extras $(LOCK_ARGS) \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet \
		pyproject.toml --output-file requirements.lock

clean: ## remove caches; the environment and the jars stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov build *.egg-info
