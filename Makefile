# Two commands: `make demo` shows Maru, `make test` proves it. Nothing is needed but Python 3.11 or 3.12 with venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?=
PORT ?= 8000
WORKERS ?= 2
SIZE ?= small
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
RUNTIME := $(VENV)/.installed-runtime
CHECKING := $(VENV)/.installed-checking
# The supervisor stops with make, whatever ends make.
SUPERVISOR := $(PY) -m config.supervisor
BESIDE_SERVICES = $(SUPERVISOR) run --fast --with-parent --var
ROOMS := consent rewards marketplace

.PHONY: help demo test faults fuzz bench screens check clean browser broker pool
help:
	@sed -n 's/^## //p' Makefile

## make demo     a whole Maru on this machine, open until Ctrl-C (PORT=8000 is the first port it tries)
demo: $(RUNTIME)
	@exec $(SUPERVISOR) demo --with-parent --port $(PORT)

## make test     every test, a real headless Chromium included (ARGS="-k name" picks, WORKERS=2)
test: $(CHECKING) browser broker
	@exec $(BESIDE_SERVICES) var/test -- $(PY) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

## make faults   kills, restores, 20,000 calls of sixteen hands, played again (SECONDS=120 takes a slice)
faults: $(CHECKING) broker pool
	@MARU_FAULT_SECONDS=$(SECONDS) exec $(BESIDE_SERVICES) var/faults -- $(PY) -m pytest tests/faults $(ARGS)

## make fuzz     every dialect under bodies led by coverage, a minute in all (SECONDS=600 goes on)
fuzz: $(CHECKING)
	@MARU_DEMO=1 exec $(PY) -m tests.fuzz --seconds $(or $(SECONDS),60) $(ARGS)

## make bench    ratios, not absolute numbers (SIZE=full for millions)
bench: $(CHECKING) broker
	@MARU_BENCH_SIZE=$(SIZE) exec $(SUPERVISOR) run --with-parent --var var/bench -- $(PY) -m pytest tests/benchmarks -s $(ARGS)

## make screens  pictures of every page, in var/screens
screens: $(CHECKING) browser
	@MARU_SCREENS=var/screens exec $(BESIDE_SERVICES) var/test -- $(PY) -m pytest tests/browser/screens.py $(ARGS)

## make check    style, types, imports, migrations, deployment settings, translations
check: $(CHECKING)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy config $(ROOMS)
	$(VENV)/bin/lint-imports
	$(SUPERVISOR) run --fast --with-parent --var var/check -- $(PY) manage.py makemigrations --check --dry-run
	@sh .ci/deployment $(PY)
	$(PY) -m pytest -q -p no:cacheprovider tests/config/test_translations.py

## make clean    remove what was made here; the demo's data too
clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

browser:
	@sh .ci/browser

broker:
	@sh .ci/broker

pool:
	@sh .ci/pool

# pip comes last into a virtual environment: one that was cut short has none, and is made anew.
$(VENV)/bin/pip:
	@PYTHON="$(PYTHON)" sh .ci/venv $(VENV)

$(RUNTIME): requirements.txt $(VENV)/bin/pip
	@echo "  … Python packages"
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input -r requirements.txt
	@touch $@

$(CHECKING): requirements-dev.txt $(RUNTIME)
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input -r requirements-dev.txt
	@touch $@
