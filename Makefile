# make demo   see the bot at work          make test   run the tests
# make check  everything that CI checks    make fmt    format the code
# make schema  write the schema of the FAQ's files anew (knowledge/faq.schema.json), after a change of their format
# make baseline  accept what the FAQ's examples get now, for `make faq` to compare with (writes tests/data/evaluation.json)
# make chaos  kill the bot and the homeserver at random while people ask (5 minutes; CHAOS_SEED=... repeats a run)
# make bench-operation  measure speed and memory beside a bare echo bot (20 minutes; writes docs/operation-benchmark.md)
# make bench-matching   measure the matching, beside other methods (10 minutes; writes docs/matching-benchmark.*)
# make bench-keeping    measure how soon a saved FAQ is live (4 minutes; writes docs/keeping-benchmark.md)

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test check fmt lint format-check types imports faq baseline schema chaos bench-matching bench-operation bench-keeping

demo: $(INSTALLED)
	@$(BIN)/auskunft demo

test: $(INSTALLED)
	@$(BIN)/pytest -n 2 --dist worksteal

check: lint format-check types imports faq test

fmt: $(INSTALLED)
	@$(BIN)/ruff format bot tests benchmarks
	@$(BIN)/ruff check --fix bot tests benchmarks

lint: $(INSTALLED)
	@$(BIN)/ruff check bot tests benchmarks

format-check: $(INSTALLED)
	@$(BIN)/ruff format --check bot tests benchmarks

types: $(INSTALLED)
	@$(BIN)/mypy

imports: $(INSTALLED)
	@$(BIN)/lint-imports --no-cache

faq: $(INSTALLED)
	@$(BIN)/auskunft check
	@$(BIN)/auskunft evaluate --baseline tests/data/evaluation.json

baseline: $(INSTALLED)
	@$(BIN)/auskunft evaluate --save tests/data/evaluation.json

schema: $(INSTALLED)
	@$(BIN)/auskunft schema > knowledge/faq.schema.json

chaos: $(INSTALLED)
	@CHAOS=full $(BIN)/pytest -s tests/e2e/test_chaos.py

bench-matching: $(INSTALLED)
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e '.[bench]'
	@$(BIN)/python -m benchmarks.matching

bench-keeping: $(INSTALLED)
	@$(BIN)/python -m benchmarks.keeping

bench-operation: $(INSTALLED)
	@$(BIN)/python -m benchmarks.operation

$(INSTALLED): pyproject.toml constraints.txt
	@echo "Installing into .venv (once; about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -c constraints.txt -e '.[dev]'
	@touch $@
