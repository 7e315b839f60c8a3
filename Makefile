# Each target sets up what it needs from nothing: Python 3.11 or newer and make are enough.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/scalekit-apply
RECIPES := scalekit_apply/templates
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE ?=

.PHONY: help demo test lint bench clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 12

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/developing: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

demo: $(VENV)/installed ## Plan, apply and plan again on a local Scalekit environment
	@PATH="$(CURDIR)/$(BIN):$$PATH" scalekit-apply emulator --seed examples/quickstart/seed.json -- sh examples/quickstart/demo.sh

test: $(VENV)/developing ## Run all tests
	@$(BIN)/python -m pytest -n auto --cov --cov-report=term:skip-covered

lint: $(VENV)/developing ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/shellcheck --shell=bash --external-sources --source-path=SCRIPTDIR $(RECIPES)/github/actions/lib/*.sh
	$(BIN)/shellcheck examples/*/*.sh
	$(BIN)/zizmor --offline --no-progress --quiet --persona pedantic --config .github/zizmor.yml .github $(RECIPES)/github/workflows/*.yml examples/*/.github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml examples/*/.github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.gitlab-ci examples/gitlab/.gitlab-ci.yml

bench: $(VENV)/developing ## Measure speed against peers and floors
	@$(BIN)/python benchmarks/run.py

clean: ## Remove what the targets made
	rm -rf $(VENV) build dist *.egg-info .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
