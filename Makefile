# Every target sets up what it needs in .venv first, which takes no time when nothing changed.
# Another interpreter: `make setup PYTHON=/path/to/python3.12`. More for pytest: `make test ARGS="-k opt_out -x"`.

SHELL := /bin/bash
PY := .venv/bin/python
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test faults check bench lock vendor openapi audit clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' Makefile

setup: ## make .venv and install requirements/dev.lock by hash
	@PYTHON='$(PYTHON)' scripts/setup

demo: setup ## three customers call the agent here, then their rows from Postgres
	@$(PY) agent.py demo $(ARGS)

test: setup ## the whole test suite
	@$(PY) -m pytest -n 3 --dist loadscope --no-loadscope-reorder $(ARGS)

faults: setup ## the longer runs: more calls, more broken surroundings, and what is killed or hangs
	@$(PY) -m pytest -m slow tests/calls tests/faults tests/integration/cli $(ARGS)

check: setup ## format, lint, types, layers, secrets and registries, locks, Dockerfile, compose.yaml
	@scripts/check

bench: setup ## answer, turn and barge-in latency and memory, against the plain framework
	@$(PY) -m tests.bench $(ARGS)

lock: setup ## write requirements/*.lock anew from pyproject.toml (newest versions: ARGS=--upgrade)
	@scripts/lock $(ARGS)

vendor: ## get others' JavaScript by npm, as vendor.toml lists it
	@$(PY) -m scripts.vendored get

openapi: setup ## write docs/openapi.json anew from the routes
	@$(PY) -m scripts.openapi $(ARGS)

audit: setup ## known vulnerabilities of what is installed; needs the internet
	@scripts/audit $(ARGS)

clean: ## remove .venv, .stack and caches; recordings and .env stay
	rm -rf .venv .stack .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis bench-results.json bench-webhooks.json bench-pacing.json
	find agent tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
