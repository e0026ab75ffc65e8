# Holdfast. `make` lists what can be done. Needs Python 3.11 or newer, git and make; uv is used where it is there.

VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
WORKERS ?= 2

# What production needs, with values that are good for nothing: the checks below read them, nothing is started.
WORTHLESS_KEY := d29ydGhsZXNzIG91dHNpZGUgb2YgdGhpcyBjaGVjay4u
PRODUCTION_ENV := env HOLDFAST_ENV=production SECRET_KEY=Uq8-not-a-secret-9fJx2LmZ7wKd4Tb6Rp1Vn3Hc5Ys0Ga-for-checks-only \
	ALLOWED_HOSTS=example.com DATABASE_URL=postgresql://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0 \
	HOLDFAST_TOKEN_KEYS=check:$(WORTHLESS_KEY) HOLDFAST_IDENTITY_KEY=$(WORTHLESS_KEY) \
	HOLDFAST_RECORD_KEYS=check:$(WORTHLESS_KEY) DEBUG=false HOLDFAST_HTTPS=true

.PHONY: help setup run reset shell manage test bench check fix lock
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1|/' | while IFS='|' read -r name what; do printf '  make %-8s %s\n' "$$name" "$$what"; done

setup: $(DEV_STAMP) .env ## Install everything, start nothing

run: $(RUN_STAMP) .env ## Start the whole site at http://127.0.0.1:8000/ and print how to log in
	@exec $(PY) -m backoffice.embedded site --under-make

reset: $(RUN_STAMP) ## Drop the site's data (the site must be stopped)
	@$(PY) -m backoffice.embedded reset

shell: $(RUN_STAMP) .env ## A Python shell beside the site's data
	@$(PY) -m backoffice.embedded manage shell

manage: $(RUN_STAMP) .env ## Run manage.py beside the site's data: make manage ARGS="showmigrations"
	@$(PY) -m backoffice.embedded manage $(ARGS)

test: $(DEV_STAMP) ## Run the tests, with a PostgreSQL and a Valkey of their own: make test ARGS="tests/orders -k hold"
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

bench: $(DEV_STAMP) ## Measure claims and orders beside a no-op: make bench ARGS="--rounds 3 http"
	$(PY) -m benchmarks $(ARGS)

check: $(DEV_STAMP) ## Style, types, directions, migrations, production settings, OpenAPI
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	HOLDFAST_ENV=test $(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m backoffice.embedded throwaway $(PY) manage.py makemigrations --check --dry-run
	$(PRODUCTION_ENV) $(PY) manage.py check --deploy --fail-level WARNING
	$(PY) -m backoffice.embedded throwaway $(PY) manage.py spectacular --validate --fail-on-warn --file /dev/null

fix: $(DEV_STAMP) ## Let ruff mend style and order of imports
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

lock: ## Write the lock files anew from requirements*.txt (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements.txt -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements-dev.txt -c requirements.lock -o requirements-dev.lock

.env:
	@cp .env.example .env && chmod 600 .env

$(PY):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed. Name it: make PYTHON=/path/to/python3"; exit 1; }
	@if [ -n "$(UV)" ]; then uv venv --quiet --clear --python "$$(command -v $(PYTHON))" $(VENV); \
	else $(PYTHON) -m venv $(VENV) || { echo "Debian: apt install python3-venv"; rm -rf $(VENV); exit 1; }; fi

$(RUN_STAMP): requirements.lock | $(PY)
	$(call install,requirements.lock)

# Its lock holds everything of the other one.
$(DEV_STAMP): requirements-dev.lock requirements.lock | $(PY)
	$(call install,requirements-dev.lock)
	@touch $(RUN_STAMP)

# uv knows nothing of pip's configured indexes, so pip gets its turn where uv does not find everything.
define install
@echo "Installing $(1)"
@if [ -n "$(UV)" ] && uv pip install --quiet --python $(PY) --require-hashes -r $(1) 2>/dev/null; then :; else \
	$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null; \
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); fi
@touch $@
endef
