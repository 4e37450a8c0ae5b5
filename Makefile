# make drive     drive the gift shop: everything needed is installed first
# make setup     the environment in .venv, from locked versions
# make setup-train   the same with gymnasium, stable-baselines3 and torch
# make test      everything CI checks but the next one
# make e2e       drives a real store server, which it installs into .e2e the first time; takes Node.js from PyPI where the machine has none
# make check     lint, types and imports only

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install
GATE_TESTS := tests/unit/control/test_envelope_bars.py tests/unit/control/test_envelope_bounds.py tests/unit/control/test_limits.py

.PHONY: setup setup-train drive test e2e check gate schema episodes lock clean

setup: .venv/.core

# What learning needs besides: gymnasium, stable-baselines3 and torch.
setup-train: .venv/.train

# --no-deps throughout: the locks are complete, and pip is not to look for newer releases that a dependency with an extra would admit.
# Stamps: with nothing changed, make only looks at these files.
.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "autopilot: expected Python >= 3.11, was %d.%d; try: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/.core: .venv/.python locks/core.txt locks/build.txt pyproject.toml
	$(PIP) --require-hashes --no-deps -r locks/core.txt
	$(PIP) --require-hashes --no-deps -r locks/build.txt
	$(PIP) --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/.dev: .venv/.core .venv/.train locks/dev.txt
	$(PIP) --require-hashes --no-deps -r locks/dev.txt
	@touch $@

# The lock is complete but for torch, whose build (CPU or CUDA) is the machine's affair, so that it has no one hash.
.venv/.train: .venv/.core locks/train.txt locks/torch.txt
	$(PIP) --require-hashes --no-deps -r locks/train.txt
	$(PIP) --constraint locks/torch.txt torch
	@touch $@

drive: .venv/.core
	$(BIN)/autopilot drive gift-shop --days 14

# pytest comes last, so that its summary is what a log ends with.
test: check gate
	$(BIN)/python -m pytest --numprocesses auto --cov

E2E := tests/e2e/vendure
e2e: .venv/.dev .e2e/vendure/.installed
	$(BIN)/python -m pytest -m real_store --no-cov tests/e2e

.e2e/vendure/.installed: $(E2E)/package.json $(E2E)/package-lock.json $(E2E)/install.sh
	$(E2E)/install.sh .e2e/vendure "$(PYTHON)"
	@touch $@

check: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The gate: its own tests reach every branch, and let not one mutant live.
gate: .venv/.dev
	$(BIN)/python -m pytest --quiet $(GATE_TESTS) --cov=control.envelope --cov=control.limits --cov-branch --cov-fail-under=100
	@rm -rf mutants
	@log=$$(mktemp) && { $(BIN)/mutmut run > $$log 2>&1 || { tail -c 4000 $$log; exit 1; }; } && tail -c 400 $$log | tr '\r' '\n' | grep / | tail -n 2
	@lives=$$($(BIN)/mutmut results); test -z "$$lives" || { echo "mutants of the gate that live:"; echo "$$lives"; exit 1; }

schema: .venv/.core
	$(BIN)/python -m autopilot.config_schema > configs/schema/store.schema.json.new
	mv configs/schema/store.schema.json.new configs/schema/store.schema.json

# make episodes REASON="why the behaviour changed" records the committed episodes anew, closed loop.
episodes: .venv/.dev
	@test -n "$(REASON)" || { echo 'autopilot: expected a reason, as in: make episodes REASON="pace harder"'; exit 2; }
	$(BIN)/python tests/episodes/record.py --reason "$(REASON)"

# make lock UPGRADE=--upgrade takes newer versions; without it only what pyproject.toml asks for changes.
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes --strip-extras --no-emit-options $(UPGRADE)
lock: .venv/.dev
	$(COMPILE) --extra dev --output-file locks/dev.txt pyproject.toml
	$(COMPILE) --constraint locks/dev.txt --output-file locks/core.txt pyproject.toml
	$(COMPILE) --no-allow-unsafe --unsafe-package torch --constraint locks/dev.txt --extra train --output-file locks/train.txt pyproject.toml
	$(COMPILE) --constraint locks/dev.txt --only-build-deps --build-deps-for editable --output-file locks/build.txt pyproject.toml

clean:
	rm -rf .venv .e2e mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage build dist
