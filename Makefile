# `make` lists the targets. `make up` and `make test` do all of their own set-up.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
ifndef PYTHON
PYTHON := $(shell tools/which-python)
endif
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Where it is set, hundreds of processes would each compile the modules that they import anew.
unexport PYTHONDONTWRITEBYTECODE
# npm brings its own list of certificate authorities; where the machine has one, that counts too.
SYSTEM_CA := $(wildcard /etc/ssl/certs/ca-certificates.crt)
ifneq ($(SYSTEM_CA),)
export NODE_EXTRA_CA_CERTS ?= $(SYSTEM_CA)
endif
# light: an API server and controllers of the local cloud's own; real: Kubernetes' own programs, built once a machine.
KUBERNETES ?= light
ifeq ($(filter light real,$(KUBERNETES)),)
$(error KUBERNETES=$(KUBERNETES): light or real is meant)
endif
ifeq ($(KUBERNETES),real)
PROGRAMS = LOCALCLOUD_KUBERNETES="$$($(PYTHON) -m tools.kubernetes 2>/dev/null)"
setup: kubernetes
endif
ENGINE = LOCALCLOUD_ENGINE_DIR="$$($(PYTHON) tools/engine.py 2>/dev/null)" $(PROGRAMS)

.PHONY: help setup up down status env preview check test test-real bench lock schema engine kubernetes wheel

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{gsub("\\$$\\$$", "$$", $$2); printf "  make %-10s %s\n", $$1, $$2}'

.venv/.ready: requirements-dev.txt requirements-bootstrap.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) is not on PATH; Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: $$($(PYTHON) --version) is too old; Python 3.11 or newer is needed (make PYTHON=python3.12 ...)"; exit 1; }
	@echo "python: installing the locked packages into .venv"
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bootstrap.txt
	@.venv/bin/uv pip sync --system-certs --quiet --python .venv/bin/python --require-hashes requirements-dev.txt
	@.venv/bin/uv pip install --system-certs --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

engine: ## find, download or build the Pulumi engine
	@$(PYTHON) tools/engine.py >/dev/null

kubernetes: ## build Kubernetes' own programs and plugin (11 minutes), for make up KUBERNETES=real
	@$(PYTHON) -m tools.kubernetes >/dev/null

setup: .venv/.ready engine ## install everything that the other targets need

up: setup ## three AWS accounts on this machine: pulumi up of all stacks, a dataset released and read back
	@$(ENGINE) python -m examples.walkthrough up

down: ## end the local accounts with their processes and state
	@if test -x .venv/bin/localcloud; then localcloud stop; else rm -rf .local; fi

status: setup ## what is deployed where, by account
	@variables="$$($(ENGINE) localcloud env)" && eval "$$variables" && portal status

env: ## print the environment for pulumi, aws and portal by hand: eval "$$(make -s env)"
	@$(MAKE) setup >&2 || { echo false; exit 1; } # `eval` of nothing would succeed, and the next command go to AWS
	@$(ENGINE) localcloud env

preview: setup ## pulumi preview of every stack, as CI does on a pull request
	@$(ENGINE) python -m examples.walkthrough preview

check: .venv/.ready ## lint, types and unit tests
	@tools/check

test: setup tests/iam/node_modules/.ready ## everything that CI runs, but for one journey of test-real
	@tools/test

tests/iam/node_modules/.ready: tests/iam/package-lock.json
	@command -v npm >/dev/null || { echo "error: npm is not on PATH; Node.js 20 or newer is needed"; exit 1; }
	@echo "node: installing the locked packages into tests/iam"
	@npm ci --prefix tests/iam --silent --no-audit --no-fund
	@touch $@

REAL ?= tests/real
test-real: setup kubernetes tests/iam/node_modules/.ready ## what needs Kubernetes' own programs; CI runs its journey alone
	@LOCALCLOUD_KUBERNETES="$$($(PYTHON) -m tools.kubernetes)" pytest -q -n 0 --durations 10 $(REAL)

bench: setup ## run the benchmarks and print their tables
	@for one in preview up units transitions executions soak imports edge interruptions; do python -m benchmarks.$$one; done

DIST ?= dist
wheel: .venv/.ready ## the components as a package of their own, for other programs
	@uv build --system-certs --quiet --wheel --no-build-isolation --out-dir $(DIST) components
	@ls $(DIST)/portal_components-*.whl

schema: .venv/.ready ## regenerate the stack file's JSON Schema and its documentation
	@python tools/schema.py

LOCK = .venv/bin/uv pip compile --system-certs --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
lock: ## resolve the dependencies of pyproject.toml into the requirements files
	@$(LOCK) pyproject.toml -o requirements.txt
	@$(LOCK) pyproject.toml --extra dev --no-emit-package portal-infrastructure -o requirements-dev.txt
	@$(LOCK) --group pyproject.toml:bootstrap -o requirements-bootstrap.txt
