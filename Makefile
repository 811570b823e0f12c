# Penstock. Needs Python 3.11, make and the package registries; the rest is installed into .venv.
PYTHON ?= python3.11
UV_VERSION := 0.13.8
VENV := .venv
BIN := $(VENV)/bin
STATE ?=

.PHONY: demo test check up down status bench clean
.DEFAULT_GOAL := demo

$(VENV)/.installed: pyproject.toml uv.lock
	@command -v $(PYTHON) >/dev/null || { echo "Penstock needs Python 3.11 (or set PYTHON=…)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	@UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --quiet --frozen --inexact --extra local --group dev
	@touch $@

demo: $(VENV)/.installed
	@$(BIN)/python -m infra.local demo

up down status: $(VENV)/.installed
	@$(BIN)/python -m infra.local $@

check: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest $(PYTEST)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage json --quiet -o .coverage.json
	$(BIN)/python -m infra.coverage_floors .coverage.json

bench: $(VENV)/.installed
	@$(BIN)/python -m tests.bench $(BENCH)

# The state folder holds rows and history: it goes only with STATE=1.
clean:
	@test ! -x $(BIN)/python || $(BIN)/python -m infra.local down
	rm -rf $(VENV) .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@test -z "$(STATE)" || rm -rf "$${PENSTOCK_HOME:-.penstock}"
