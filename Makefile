# Everything starts with `make setup`: a virtual environment with the pinned tools. No root, no Docker, no Node.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format run live picture schema lock background bench-parsing bench-nmj clean

help: ## these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: .venv/.installed ## the virtual environment, installed from requirements.lock

.venv/.installed: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "watcher needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## three simulated weeks, end to end; leaves demo-out/digest.html
	$(BIN)/watcher demo --out demo-out

test: setup ## the whole test suite
	$(BIN)/python -m pytest

lint: setup ## style, types, floors and vendor walls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## let ruff rewrite what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

run: setup ## do everything that is due now, and exit
	$(BIN)/watcher tick

live: setup ## a handful of polite calls to PubMed itself: compares its answers with what the code and the local server assume
	$(BIN)/python -m pytest -m live tests/live -s

picture: demo ## docs/images/digest.png anew, with headless Chromium
	$(BIN)/python docs/take_picture.py

schema: setup ## config/watcher.schema.json and docs/configuration.md from the models
	$(BIN)/python -m watcher.config

lock: setup ## requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group dev --extra postgres \
		--python-version 3.11 --upgrade --no-header --output-file requirements.lock pyproject.toml

background: setup ## the ranking's frozen background anew from its public source
	$(BIN)/python benchmarks/background.py

bench-parsing: setup ## FILE=…: the parser beside a bare lxml pass
	$(BIN)/python benchmarks/parsing.py $(FILE)

bench-nmj: setup ## DATA=…: how the shipped seeds part junction papers from noise
	$(BIN)/python benchmarks/nmj.py $(DATA)

clean: ## what setup, demo and tests made
	rm -rf .venv demo-out .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
