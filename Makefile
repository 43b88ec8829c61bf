# 小二: each target does everything it needs from a bare clone; the work is in the small scripts of deploy/.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
# Words after the target's own: make test ARGS="-k cancel", make import ARGS="--products p.csv --dry-run"
ARGS ?=
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 2
export PYTHONPATH := .

.PHONY: help setup run stop train shell test check bench widget fuzz walk load pictures demo import clean lock simulate

help: ## Show these targets
	@echo "小二 Xiaoer: make TARGET"
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r name text; do printf '  %-8s %s\n' "$$name" "$$text"; done

setup: ## Make .venv with everything in requirements.txt (PYTHON=…, TORCH_BACKEND=cpu)
	@bash deploy/setup.sh

run: setup ## Make the demo shop, train, and start the bot; Ctrl-C ends it
	@$(PY) -m deploy.launch

stop: ## End a bot that `make run` started
	@if [ -x $(PY) ]; then $(PY) -m deploy.stop; else echo "Nothing is running: there is no .venv."; fi

train: setup ## Train the model, if its sources changed
	@$(PY) -m deploy.train

shell: setup ## Talk in this terminal, as a customer of the demo shop
	@$(PY) -m deploy.shell

test: setup ## Run all tests (ARGS="-k words" for some)
	@bash deploy/system_packages.sh
	@$(PY) -m deploy.train
	@$(PY) -m deploy.test $(ARGS)

check: setup ## Check style, types, floors and house rules
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports
	@$(PY) -m pytest -q tests/house

bench: setup ## Measure answers per second, memory and start, beside a stock Rasa bot
	@$(PY) -m deploy.train
	@$(PY) -m tests.bench $(ARGS)

widget: ## Bundle the chat window from web/widget/src to web/widget/dist (needs Node)
	@cd web/widget && npm ci --silent --no-audit --no-fund && npm run --silent check && npm run --silent build
	@gzip -c web/widget/dist/xiaoer.js | wc -c | xargs -I{} echo "web/widget/dist/xiaoer.js: {} bytes gzipped"

walk: setup ## The two-browser walk over SQLite and PostgreSQL, the line cut for 20 seconds
	@$(PY) -m deploy.train
	@CUT_S=20 WALK=sqlite,postgresql $(PY) -m pytest -q tests/e2e/test_people.py $(ARGS)

load: setup ## 300 customers, 60 talks, 20 agents for ten minutes: delays, losses, doubles (ARGS="--minutes 2")
	@$(PY) -m tests.bench.desk_load $(ARGS)

pictures: setup ## Take the README's pictures of widget and desk again, while `make run` runs
	@$(PY) -m tests.bench.screenshots $(ARGS)

fuzz: setup ## Offer 4,000 broken picture files to the intake
	@$(PY) -m tests.bench.fuzz_pictures $(ARGS)

demo: setup ## Make the demo shop's data, if it is not there
	@$(PY) -m shop.demo build $(ARGS)
	@$(PY) -m vision.index
	@$(PY) -m nlp.product_vectors
	@$(PY) -m recsys.train --if-needed

import: setup ## Load a shop's own CSV files (ARGS="--products p.csv --orders o.csv --dry-run")
	@$(PY) -m shop.importer $(ARGS)
	@$(PY) -m nlp.product_vectors
	@$(PY) -m recsys.train --if-needed

clean: ## Remove models, results and caches; the data folder and .venv stay
	@rm -rf models results .rasa .cache .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

lock: setup ## Resolve requirements.in to requirements.txt again
	@.venv/bin/uv pip compile requirements.in -o requirements.txt --python-version 3.10 --universal \
		--no-annotate --quiet --custom-compile-command "make lock"

simulate: setup ## Talk through a simulated messenger in this terminal (CHANNEL=wechat)
	@$(PY) -m tests.fakes $(or $(CHANNEL),wechat)
