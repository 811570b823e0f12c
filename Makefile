# Everything a person does here. On a bare machine: Python 3.11, make and the package registries are enough.
PYTHON ?= $(or $(shell command -v python3.11),python3)
VENV := .venv
UV_VERSION := 0.13.8
RUN := $(VENV)/bin/python
export PENSTOCK_HOME ?= $(CURDIR)/.penstock
# Where that is set, each process would compile all it imports, each time: 24 s of processor for a start instead of 10.
unexport PYTHONDONTWRITEBYTECODE
# uv works on this environment and no other, whatever is active in the shell.
SYNC := UV_PROJECT_ENVIRONMENT="$(CURDIR)/$(VENV)" UV_PYTHON_DOWNLOADS=never $(VENV)/bin/uv sync --quiet --frozen --extra demo

.PHONY: help demo test up down status monitor check bench chaos differential soak fuzz golden-spel golden-cron clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    real flights through a pipeline, with figures"
	@echo "make up      start everything on this machine; make down ends it, make status shows it"
	@echo "make monitor the web pages, built anew where they have changed (needs Node.js 20.19 or later; up, demo and test do it too)"
	@echo "make test    all checks and tests, with coverage floors"
	@echo "make check   ruff, types, import contracts"
	@echo "make bench   measured ratios, one JSON line each (BENCH=W1 selects)"
	@echo "make chaos   half an hour of faults at random, a JSON line each: nothing may be lost or doubled (SEED=1 draws the same; CHAOS=--short: 4 minutes)"
	@echo "make differential  generated recipes and TPC-H on every engine at hand, row by row (RECIPES=2240, SEED=1, ENGINES=postgres,pandas;"
	@echo "             FAULTS=1: what sees the faults that are sown)"
	@echo "make soak    100 runs at once, again and again for MINUTES=60: limits, and the memory of each service over the time"
	@echo "make golden-spel  ask Spring's own library again what SpEL means (needs Java 17 and Maven)"
	@echo "make golden-cron  ask Spring's own cron again when 537 expressions fire, and compare all of it (needs Java 17 and Maven; EXPRESSIONS=50: so many)"
	@echo "make fuzz    looks for texts that break the readers, and calls that break the API (SECONDS=600 each, FUZZ=recipe selects)"
	@echo "make clean   remove caches and the environment (STATE=1: the state folder too)"

$(VENV)/bin/uv:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] in ((3, 11), (3, 12)) else "Penstock needs Python 3.11 or 3.12; name one with make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# Stamps: nothing is resolved or installed again while the lock file stays as it is.
$(VENV)/.synced: pyproject.toml uv.lock | $(VENV)/bin/uv
	$(SYNC) --no-dev
	@rm -f $(VENV)/.synced-dev && touch $@

$(VENV)/.synced-dev: pyproject.toml uv.lock | $(VENV)/bin/uv
	$(SYNC)
	@touch $(VENV)/.synced $@

# With the development tools installed there is no need to take them away again for a demo.
RUNNABLE := $(if $(wildcard $(VENV)/.synced-dev),$(VENV)/.synced-dev,$(VENV)/.synced)

# The web pages. Where there is no Node.js, everything else works, and /ui/ says what to install.
UI := services/api/ui
UI_SOURCES := $(shell find $(UI)/src -type f) $(addprefix $(UI)/,index.html vite.config.ts tsconfig.json)
NODE_READY := node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null

$(UI)/node_modules/.installed: $(addprefix $(UI)/,package.json package-lock.json .npmrc)
	@if $(NODE_READY); then cd $(UI) && { npm ci --silent && touch node_modules/.installed \
	|| { echo "the web pages are not built: npm could not install their libraries, see above; everything else works without them"; test -z "$$CI"; }; }; \
	else echo "the web pages are not built: Node.js 20.19 or later with npm is not here; everything else works without them"; fi

$(UI)/static/.built: $(UI)/node_modules/.installed $(UI_SOURCES)
	@if [ -e $(UI)/node_modules/.installed ]; then cd $(UI) && npm run --silent build -- --logLevel warn && touch static/.built; fi

monitor: $(UI)/static/.built

demo: $(RUNNABLE) $(UI)/static/.built
	@$(RUN) -m infra.local demo

up: $(RUNNABLE) $(UI)/static/.built
	@$(RUN) -m infra.local up

down:
	@if [ -e $(RUNNABLE) ]; then $(RUN) -m infra.local down; fi

status: $(RUNNABLE)
	@$(RUN) -m infra.local status

check: $(VENV)/.synced-dev $(UI)/static/.built
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	@if [ -e $(UI)/node_modules/.installed ]; then cd $(UI) && npm run --silent check; fi

# The coverage files of killed processes may be cut short; combining keeps what is whole.
# Three at once on two cores: with two, each third second was waiting.
# What the browser saw stays in .pictures.
test: export PENSTOCK_TEST_PICTURES ?= $(CURDIR)/.pictures
test: check
	rm -f .coverage .coverage.*
	$(VENV)/bin/coverage run -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST)
	$(VENV)/bin/coverage combine --quiet
	$(VENV)/bin/coverage json --quiet -o .coverage.json
	$(RUN) -m infra.coverage_floors .coverage.json

bench: $(VENV)/.synced-dev
	@$(RUN) -m tests.bench $(BENCH)

chaos: $(VENV)/.synced-dev
	@$(RUN) -m tests.chaos $(if $(filter command line environment,$(origin SEED)),--seed $(SEED)) $(CHAOS)

# PUBLISH=1 writes the coverage table into docs/ and what was proven into the table that ships.
RECIPES ?= 2240
SEED ?= 1
differential: $(VENV)/.synced-dev
	@$(if $(FAULTS),$(RUN) -m tests.differential.sown --seed $(SEED) $(if $(PUBLISH),--write),$(RUN) -m tests.differential --recipes $(RECIPES) --seed $(SEED) $(if $(ENGINES),--engines $(ENGINES)) $(if $(JOBS),--jobs $(JOBS)) $(if $(PUBLISH),--write))
	@$(if $(ENGINES)$(FAULTS),,$(RUN) -m tests.tpch)

MINUTES ?= 60
soak: $(VENV)/.synced-dev
	@$(RUN) -m tests.soak --minutes $(MINUTES) $(if $(RUNS),--runs $(RUNS))

# What tests/golden/spel/answers.json says; its difference is to be read like code.
golden-spel: $(VENV)/.synced-dev
	cd tests/golden/spel/reference && mvn --quiet --batch-mode compile exec:java -Dexec.args="$(CURDIR)/tests/golden/spel"
	$(RUN) -m tests.unit.spel.write_golden

# What tests/golden/cron says, and all of our times against it.
golden-cron: $(VENV)/.synced-dev
	cd tests/golden/cron/reference && MAVEN_OPTS="$${MAVEN_OPTS:--XX:+UseSerialGC}" mvn --quiet --batch-mode compile exec:java -Dexec.args="$(CURDIR)/tests/golden/cron"
	$(RUN) -m tests.unit.triggers.cron_golden $(if $(EXPRESSIONS),--expressions $(EXPRESSIONS))

# Coverage-guided; what is found is left in the folder .fuzz, and ends the run.
SECONDS ?= 60
fuzz: $(VENV)/.synced-dev
	@mkdir -p .fuzz
	@set -e; for target in $(or $(FUZZ),$(patsubst tests/fuzz/%.py,%,$(filter-out %/__init__.py,$(wildcard tests/fuzz/*.py)))); do \
	  echo "fuzzing $$target for $(SECONDS) s"; $(RUN) -m tests.fuzz.$$target -max_total_time=$(SECONDS) -artifact_prefix=.fuzz/ -verbosity=0 -print_final_stats=1; \
	done

# The state folder holds rows and history: it goes only with STATE=1.
clean: down
	rm -rf $(UI)/node_modules $(UI)/static
	rm -rf $(VENV) build dist *.egg-info .pictures .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	$(if $(STATE),rm -rf "$(PENSTOCK_HOME)")
