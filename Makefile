# Each target works as the first command in a fresh clone: `tools/setup.py` brings what is missing.

# Any Python from 3.8 can run the set-up, which then finds those that the project runs on.
BOOT = $(shell for python in python3 python3.11 python3.12 python3.13 \
	"$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.1[1-9]*/bin/python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null \
	&& { echo "$$python"; break; }; done)
RUN = $(or $(BOOT),$(error Python 3.11 or newer is needed, and no Python was found)) -m
PYTHON = .venv/bin/python
LOCKED = demo test frameworks check bench lock

.DEFAULT_GOAL := help
.PHONY: help setup test torture check format demo example bench lock clean

help: ## List these targets
	@echo "Connect SQLite for Python.  Any of these can be the first thing you run:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile

setup: ## Make the environments and install what tests and checks need
	@$(RUN) tools.setup --test

test: ## Run the checks, all tests on one Python and the library's on every one found: what CI runs
	@$(RUN) tools.suite

torture: ## Break disk, power and processes for minutes, and write docs/torture.md
	@$(RUN) tools.setup --check
	@FAULTS=many PYTHONPATH=src:tests:. $(PYTHON) -m faults

check: ## Check format, lint, types and who may import whom
	@$(RUN) tools.setup --check
	@$(RUN) tools.check
	@$(PYTHON) -m pytest tests/test_layers.py

format: ## Format the code, and mend what the linter can mend
	@$(RUN) tools.setup --check
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

demo: ## Run the demo and say where it listens
	@$(RUN) tools.setup --demo
	@$(PYTHON) -m demo

example: ## Run Express and FastAPI on the same sessions, or APP=flask, or APP="django quart"
	@$(RUN) tools.setup $(if $(APP),--frameworks,--example)
	@$(PYTHON) examples/$(if $(APP),frameworks $(APP),express-and-fastapi)

bench: ## Race against what people would otherwise use
	@$(RUN) tools.setup --bench
	@$(PYTHON) -m bench

lock: ## Pin the newest releases that requirements/*.in allow
	@$(RUN) tools.setup --lock
	@cd requirements && for name in $(LOCKED); do UV_CUSTOM_COMPILE_COMMAND="make lock" \
		../.venv/bin/uv pip compile --quiet --system-certs --upgrade --generate-hashes \
		--universal --python-version 3.11 $$name.in --output-file $$name.txt || exit 1; done
	@$(RUN) tools.sources

clean: ## Remove everything that these targets made
	rm -rf .venv .venvs .sources node/node_modules build dist .coverage \
		.mypy_cache .ruff_cache .pytest_cache .hypothesis
