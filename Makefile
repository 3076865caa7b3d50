# What one does with this project, from its folder. Each target sets up what it needs and does nothing twice.

.DEFAULT_GOAL := help
.PHONY: help demo demo-down test check bench prove clean venv

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: venv ## deploy the guestbook on this machine's swarm, and fetch it
	@setup/demo

demo-down: venv ## take the guestbook down; its volume stays
	@setup/demo down

test: check ## check, and run every test on a swarm of its own
	@setup/test-engine prepare
	.venv/bin/pytest -m "not prove" --attacks --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: venv ## formatting, lint, types
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy

prove: venv ## count every row of the tables of promises; TABLE=trust, gateway … for one
	@setup/test-engine prepare
	.venv/bin/pytest --prove="$(TABLE)" --timeout 3600

bench: venv ## figures, beside those of peers in the same run
	@set -e; for script in $(wildcard bench/*.py); do echo "== $$script"; .venv/bin/python $$script; done

clean: ## remove what was made here: .venv, .cache, caches of the tools
	rm -rf .venv .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist

venv: ## the command line in .venv
	@setup/venv
