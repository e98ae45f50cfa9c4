# Two commands do everything: `make figures` and `make test`. Each sets up .venv first, from the lock file.
PYTHON ?= python3
BIN := .venv/bin
SCALE ?= quick

.PHONY: figures paper test test-all bench lock clean

figures: .venv/ready
	$(BIN)/separatrix reproduce --scale $(SCALE)

paper:
	$(MAKE) figures SCALE=paper

test: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

test-all: .venv/ready
	$(BIN)/python -m pytest -m "slow or not slow"

bench: .venv/ready
	$(BIN)/python -m pytest -o addopts=-q -p no:xdist benchmarks --benchmark-only --benchmark-columns=median,rounds

# With uv in seconds where it is there, else with venv and pip; both check every hash of the lock.
.venv/ready: requirements.lock pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv && \
	  uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  $(PYTHON) -m venv .venv && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@

# Names, versions and hashes only, for Python 3.11 to 3.13 at once; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --group dev --extra cluster --extra tournament --extra zarr pyproject.toml -o requirements.lock

clean:
	rm -rf out .venv
