# `make demo` and `make test` do everything on a fresh machine. Each target first brings .venv up to date with
# the lock files in requirements/; that takes minutes once and about a second afterwards.
# PYTHON chooses the interpreter that .venv is made with: `make PYTHON=python3.13 venv`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --no-deps
NATIVE := src/native/CMakeLists.txt $(wildcard src/native/*.cpp src/native/*.h src/native/*.inc src/native/models/*.h)
SOURCES := src tests benchmarks examples docs tools/lock tools/check-packages containers/check

.DEFAULT_GOAL := help
.PHONY: help venv demo test mpi check check-containers format bench lock clean
.NOTPARALLEL:
.DELETE_ON_ERROR:
# Index settings of this machine stay in force, but nobody is asked anything.
export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

venv: $(STAMPS)/sherrington ## make or update .venv, with .venv/bin/sherrington
	@echo "$(BIN)/sherrington is up to date"

demo: venv ## run the main example: a mouse forelimb moved by a spiking spinal cord
	$(BIN)/sherrington run examples/forelimb_posture

test: venv $(STAMPS)/mpi $(STAMPS)/test $(STAMPS)/models ## run all tests, the slow ones too; the first time on a machine, `mpi`
	@tools/system-packages --python $(BIN)/python draw mpi slurm
	@$(BIN)/sherrington install-mpi || echo "NEST has no MPI here: tests with several ranks will be skipped"
	$(BIN)/python -m pytest

mpi: venv $(STAMPS)/mpi ## build NEST with MPI, for several ranks; once per machine, 15 to 30 minutes on two cores
	@tools/system-packages --python $(BIN)/python mpi
	$(BIN)/sherrington install-mpi

check: venv $(STAMPS)/check ## check format, lint and strict types
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy

check-containers: venv $(STAMPS)/mpi ## run the steps of the containers in a fresh Debian (as root; downloads 1 GB)
	@tools/system-packages --python $(BIN)/python root
	containers/check

format: venv $(STAMPS)/check ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

bench: venv $(STAMPS)/bench ## run the closed-loop benchmark, NEST Server beside it
	$(BIN)/sherrington bench closed_loop

lock: ## resolve pyproject.toml again into requirements/*.txt
	$(PYTHON) tools/lock

clean: ## remove .venv, caches and built files; runs/ stays
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf src/native/CMakeFiles src/native/CMakeCache.txt src/sherrington/brain/native/_core*.so
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. A stamp is written last, so a step that was interrupted is done again. The lock files name every
# package, hence --no-deps: nothing can slip in unpinned, and tools/check-packages says if something is missing.
$(STAMPS)/venv:
	@$(PYTHON) -c 'import sys; v = sys.version_info; ok = (3, 11) <= v < (3, 14); ok or sys.exit("Sherrington needs Python 3.11, 3.12 or 3.13 (NEST has wheels for these); $(PYTHON) is %d.%d. Try: make PYTHON=python3.13 venv" % v[:2])'
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/%: requirements/%.txt $(STAMPS)/venv
	@echo "installing $<"
	@$(PIP_INSTALL) --requirement $<
	@touch $@

$(STAMPS)/sherrington: pyproject.toml $(NATIVE) $(STAMPS)/build $(STAMPS)/run
	@echo "installing sherrington from this folder, and compiling its native engine (about a minute)"
	@$(PIP_INSTALL) --no-build-isolation --editable .
	@$(BIN)/python tools/check-packages
	@touch $@

.PRECIOUS: $(STAMPS)/%
