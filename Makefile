# Every command of the project. `make` alone explains them.

.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
# What Python has compiled is kept: a fifth of every start, and a minute of the tests.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 $(BIN)/python -m pip

# Colour on a terminal, plain text in a pipe or a log.
ifdef MAKE_TERMOUT
bold := $(shell printf '\033[1m')
plain := $(shell printf '\033[0m')
endif
step = @printf '%s\n' '$(bold)== $(1)$(plain)'

.PHONY: help setup demo bench test fmt soak lock docs samples screenshots

help:
	@awk -v b='$(bold)' -v p='$(plain)' \
	  '/^##@ / { printf "\n%s%s%s\n", b, substr($$0, 5), p } \
	   /^[a-z-]+:.*## / { split($$0, part, ":.*## "); printf "  make %-11s %s\n", part[1], part[2] }' Makefile
	@echo

##@ To see it work
setup: $(STAMP) ## install everything into .venv, which gives .venv/bin/encaisse

demo: setup ## the whole product in one process, with seeded organisations and simulated gateways
	@$(BIN)/encaisse demo

bench: setup ## the benchmarks of the README (ARGS="..." is passed on)
	@$(BIN)/encaisse bench $(ARGS)

##@ To change it
test: setup ## format, lint, types, arrows between modules, then every test on every core
	$(call step,format)
	@$(BIN)/ruff format --check --quiet .
	$(call step,lint)
	@$(BIN)/ruff check --quiet .
	$(call step,types)
	@$(BIN)/mypy
	$(call step,arrows between modules)
	@$(BIN)/lint-imports --no-logo
	$(call step,tests)
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m pytest -n auto $(ARGS)

fmt: setup ## format, and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

soak: setup ## minutes of load and faults
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m pytest -m soak $(ARGS)

# Exchanges recorded with a processor; ours when no file is named.
SAMPLES ?= tests/adapters/gateways/cardpointe/exchanges.json

samples: setup ## read recorded exchanges with CardPointe (SAMPLES=file), and fail where one needs a guess
	@$(BIN)/python -m adapters.gateways.cardpointe.samples '$(SAMPLES)'

##@ To maintain it
docs: setup ## write the generated documents anew
	@$(BIN)/python -m adapters.docs
	@$(BIN)/python -m tests.shape.faults

screenshots: setup ## take the pictures of docs/screens.md anew
	@$(BIN)/python -m tests.browser.chromium
	@$(BIN)/python -m tests.browser.screenshots

COMPILE = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' pyproject.toml

lock: setup ## resolve the newest versions and lock them with their hashes
	@$(COMPILE) --extra dev --output-file requirements.lock
	@$(COMPILE) --extra build --constraint requirements.lock --output-file requirements.run.lock

# The first Python that is new enough and can make a virtual environment.
$(STAMP): requirements.lock pyproject.toml
	@for candidate in $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3; do \
	  if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	  then python="$$candidate"; break; fi; done; \
	if [ -z "$$python" ]; then echo 'Python 3.11 or newer, with its venv module, is needed.' >&2; exit 1; fi; \
	if [ ! -x $(BIN)/python ]; then echo "Making $(VENV) with $$("$$python" --version)"; "$$python" -m venv $(VENV); fi
	@echo 'Installing what requirements.lock names'
	@$(PIP) install -qq --require-hashes -r requirements.lock
	@$(PIP) install -qq --no-deps --no-build-isolation -e .
	@touch $(STAMP)
