# Everything a person or CI calls. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSOLE := gtvision_edge/console
CONSOLE_SOURCES := $(shell find $(CONSOLE)/src $(CONSOLE)/public $(CONSOLE)/index.html $(CONSOLE)/package-lock.json $(CONSOLE)/vite.config.ts -type f 2>/dev/null)
STATE ?= .state
WORKERS ?= 2
DIST ?= bookworm
ARCH ?= $(shell dpkg --print-architecture 2>/dev/null || echo amd64)
# Else each of the hundred programs that the tests start, and each worker of theirs, compiles every file anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test test-e2e test-contract test-faults check check-code check-types check-console format console bench gateway lock deb test-deb setup setup-dev clean
.DEFAULT_GOAL := help

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.run-ready: requirements.lock pyproject.toml packaging/setup.sh $(CONSOLE_SOURCES)
	@PYTHON="$(PYTHON)" sh packaging/setup.sh run

$(VENV)/.dev-ready: $(VENV)/.run-ready requirements-dev.lock
	@PYTHON="$(PYTHON)" sh packaging/setup.sh dev

setup: $(VENV)/.run-ready
setup-dev: $(VENV)/.dev-ready

run: setup ## the product with four drawn street cameras; CAMERA=rtsp://… adds a real one
	@exec $(BIN)/gtvision-edge run --demo --print-password --state "$(STATE)" $(if $(CAMERA),--camera "$(CAMERA)")

console: setup ## build the web console
	@$(BIN)/python packaging/hatch_build.py

test: setup-dev ## all tests that end in minutes (unit, contract, e2e)
	@sh packaging/setup.sh test-tools
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup tests/e2e tests/contract tests/unit tests/repository $(ARGS)

test-contract: setup-dev ## one suite against the embedded media server and, with MEDIAMTX_BIN, the real one
	@$(BIN)/pytest tests/contract $(ARGS)

gateway: ## Versity's S3 gateway into .cache/bin, where tests of the object store find it; needs Go
	@sh packaging/setup.sh gateway

test-e2e: setup-dev ## the installed program, GStreamer cameras, Chromium
	@sh packaging/setup.sh test-tools
	@$(BIN)/pytest tests/e2e $(ARGS)

test-faults: setup-dev ## slow proofs: kills, hangs, frames counted
	@sh packaging/setup.sh test-tools
	@$(BIN)/pytest tests/faults $(ARGS)

check: check-code check-types check-console ## format, lint, types, layers, promises of the repository

check-code: setup-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache

check-types: setup-dev
	@$(BIN)/mypy

check-console: setup-dev
	@$(BIN)/python packaging/hatch_build.py --check

format: setup-dev ## format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup-dev ## the budgets, each with its peer in the same run
	@sh packaging/setup.sh test-tools
	@$(BIN)/python -m tests.bench $(ARGS)

deb: setup ## the Debian package, into dist/; ARCH=arm64 or ARCH=all builds for other machines
	@$(BIN)/python packaging/deb/build.py --arch $(ARCH) $(ARGS)

test-deb: setup ## the package's life on a Debian that boots in a container (as root); DIST=trixie for Debian 13, MEDIAMTX_BIN=/path starts MediaMTX there too
	@if [ "$$(id -u)" -ne 0 ]; then echo "test-deb boots a system in a container; as root: sudo make test-deb" >&2; exit 1; fi
	@sh packaging/setup.sh deb-tools
	@$(BIN)/python -m tests.deb --dist $(DIST) $(ARGS)

lock: setup-dev ## write the lock files anew (no addresses in them)
	@sh packaging/lock.sh

clean: ## remove what was built, keep the site's state
	rm -rf $(VENV) .cache dist $(CONSOLE)/dist $(CONSOLE)/node_modules .mypy_cache .ruff_cache .pytest_cache
