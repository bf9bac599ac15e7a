# `make demo` shows it, `make run` runs it, `make test` tests it. `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
SETTINGS := CORPUS=$(if $(CORPUS),$(CORPUS),$(if $(wildcard ../shared/corpus),$(abspath ../shared/corpus)))

.PHONY: all help demo run fmt check test cov bench fuzz soak audit docs gallery golden lock clean
all: check test ## everything that CI runs

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

.venv/ready: constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv/ready ## the bot with sample deliveries, in preview; ARGS=--once ends by itself
	@$(BIN)/bot demo $(ARGS)

run: .venv/ready ## the bot; settings from the environment or .env
	@$(BIN)/bot run $(ARGS)

fmt: .venv/ready ## format the code
	$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

check: .venv/ready ## formatting, lint, types, import order, docs, rules.yaml
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports && $(BIN)/cog --check README.md docs/*.md && $(BIN)/bot check rules.yaml

test: .venv/ready ## the whole test suite; ARGS go to pytest
	$(SETTINGS) $(BIN)/python -m pytest -n auto --maxprocesses 4 $(ARGS)

bench: .venv/ready ## measure; ARGS names what: rules, intake, flow, folding, workers, starting
	$(BIN)/python -m benchmarks $(ARGS)

fuzz: .venv/ready ## mutated payloads and random JSON through parse, decide and render; ARGS="--minutes 10 --seed 7"
	$(SETTINGS) $(BIN)/python -m tests.fuzz $(ARGS)

soak: .venv/ready ## kills, outages, floods, faults of disk, forge and clock for long; ARGS: kills; "--kills 20 --seed 7"
	$(BIN)/python -m tests.soak $(ARGS)

audit: .venv/ready ## are the pinned packages still there, unchanged and not withdrawn?
	$(BIN)/python -m tests.audit

docs: .venv/ready ## write the generated tables of the docs anew
	$(BIN)/cog -r README.md docs/*.md

gallery: .venv/ready ## a page with every default message in three sizes; ARGS="--picture docs/gallery.png" takes its picture
	@$(BIN)/python -m docs.gallery $(ARGS)

golden: .venv/ready ## accept what the golden tests now give
	$(SETTINGS) GOLDEN=accept $(BIN)/python -m pytest -q tests $(ARGS)

lock: ## write constraints.txt anew; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --all-extras pyproject.toml -o constraints.txt

clean: ## forget the virtual environment and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
