# Needs make and Python >= 3.11; everything else is installed into .venv.
PYTHON ?= python3
PY := .venv/bin/python
READY := .venv/.installed
# Notebook parameters, e.g. make book PARAMS="-p epochs 50 -p seed 3"
PARAMS ?=
# Arguments of pytest, e.g. make test ARGS="-k figures"
ARGS ?=

STYLE = echo "ruff: lint and format" && $(PY) -m ruff check . && $(PY) -m ruff format --check .
PYTEST = OMP_NUM_THREADS=1 $(PY) -m pytest -n 3 --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help book preview pdf test test-all data bench readme clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

book: $(READY) ## run the notebooks and build _build/html (PARAMS="-p epochs 50" sets parameters)
	@$(PY) -m binenc_book $(PARAMS)

preview: $(READY) ## serve the pages and renew them when a file is saved
	@$(PY) -m binenc_book.preview

pdf: $(READY) ## print the built pages into _build/report.pdf (needs Chromium)
	@$(PY) -m binenc_book.report

test: $(READY) ## check style and run the tests of five minutes (ARGS="-k name" goes to pytest)
	@$(STYLE)
	@echo "pytest: units, a campaign, three notebooks, and the built book in a browser"
	@$(PYTEST) -m "not full" $(ARGS)

test-all: $(READY) ## run all tests: kills, SLURM, the light installation, every notebook too
	@$(STYLE)
	@echo "pytest: everything"
	@$(PYTEST) $(ARGS)

data: $(READY) ## fetch and verify MNIST and FashionMNIST
	@$(PY) -m replication data

bench: $(READY) ## measure speed and memory, as ratios, and how soon the built pages are there
	@test -f _build/html/index.html || { echo "the pages are timed too: run make book first" >&2; exit 1; }
	@$(PY) -m benchmarks.training_step
	@$(PY) -m benchmarks.evaluation
	@$(PY) -m benchmarks.campaign
	@$(PY) -m benchmarks.memory
	@$(PY) -m benchmarks.deepfool
	@$(PY) -m benchmarks.live_trainer
	@$(PY) -m benchmarks.pages

readme: $(READY) ## renew the claim table of README.md from results/
	@$(PY) -m binenc_book.readme

clean: ## remove the built book and the caches (keeps .venv, data and runs)
	@echo "removing _build and the caches of ruff and pytest"
	@rm -rf _build .pytest_cache .ruff_cache

$(READY): requirements.txt requirements-book.txt requirements-slurm.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or newer is needed, this is {v}: make PYTHON=/path/to/python3.11")'
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@echo "installing the requirements and the project into .venv (PyTorch is large: minutes)"
	@$(PY) -m pip install -qq --disable-pip-version-check -r requirements.txt -r requirements-slurm.txt
	@touch $@
