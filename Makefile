# Everything a developer or a machine runs. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# Two at a time, each with servers of its own; the tests of a file stay together.
PARALLEL := -n 2 --dist loadfile
COVERAGE := .cache/coverage.json
# Tests never see what the caller's shell is set up for.
without = env $(foreach name,$(filter $(1),$(shell compgen -e)),-u $(name))
CLEAN_ENV := $(call without,DATABASE_% TEST_DATABASE_% REDIS_URL DIFY_HEX_%)

.PHONY: help run test check fix bench soak migrate revision schema clean test-external coverage lock env dev-env

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

env: ## Make or refresh the environment that runs the service
	@scripts/environment runtime

dev-env: ## Make or refresh the environment that also tests it
	@scripts/environment dev

run: env ## Start everything: database, cache, model, migrations, API and worker
	@exec $(BIN)/dify-hex up

check: dev-env ## Lint, types, import contracts and house rules; writes nothing
	@echo "ruff"; $(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@echo "mypy"; $(BIN)/mypy --no-error-summary
	@echo "import contracts"; $(BIN)/lint-imports --cache-dir .cache/import_linter > .cache/contracts.txt \
		|| { cat .cache/contracts.txt; exit 1; }
	@$(BIN)/python -m scripts.house_rules

fix: dev-env ## Format, and repair what the linter can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

test: check ## Check, then every test but the soak, with coverage of the inner layers
	@$(CLEAN_ENV) $(PYTEST) tests/unit tests/architecture $(PARALLEL) --cov --cov-report=
	@$(MAKE) coverage
	@$(CLEAN_ENV) $(PYTEST) tests/contract $(PARALLEL) -m "not soak"
	@$(CLEAN_ENV) $(PYTEST) tests/integration tests/migrations $(PARALLEL) -m "not soak"
	@$(CLEAN_ENV) $(PYTEST) tests/e2e -m "not soak"

coverage: ## Hold the last unit test run against the coverage gates
	@$(BIN)/coverage json --quiet -o $(COVERAGE)
	@$(BIN)/python -m scripts.coverage_gates $(COVERAGE)

test-external: dev-env ## The tests on servers given by URL (CONTRIBUTING.md), the kill tests aside
	@: "$${REDIS_URL:?is missing}" "$${TEST_DATABASE_SUPERUSER_URL:-$${DATABASE_URL:?is missing, or \
		TEST_DATABASE_SUPERUSER_URL}$${DATABASE_ADMIN_URL:?is missing}$${DATABASE_SYSTEM_URL:?is missing}}"
	@$(call without,DIFY_HEX_%) $(PYTEST) $(wildcard tests/contract tests/integration tests/migrations tests/e2e) -m "not kill and not soak $(TEST_MARKS)"

soak: dev-env ## The tests that run for minutes
	@$(CLEAN_ENV) $(PYTEST) tests -m soak

bench: dev-env ## Measure speed and size; the table is in benchmarks/README.md
	@$(CLEAN_ENV) $(BIN)/python -m benchmarks

migrate: env ## Bring the database of DATABASE_ADMIN_URL to the newest schema
	@$(BIN)/dify-hex migrate

revision: dev-env ## Write an empty migration: make revision name=add_something
	@$(BIN)/python -m scripts.revision $(name)

schema: dev-env ## Write the JSON Schema of workflow graphs into docs/
	@$(BIN)/python -m scripts.graph_schema

lock: dev-env ## Resolve the dependencies again, keeping versions that still fit
	@scripts/lock $(upgrade)

clean: ## Remove environments, caches and reports; data stays
	@rm -rf $(VENV) .bootstrap .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage* htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
