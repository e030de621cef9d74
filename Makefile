# Doorstep's commands. `make help` lists them. Nothing here touches the machine outside this folder, except that
# `make test` installs Chromium by apt when it is missing and apt is permitted.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help
help: ## this list
	@echo "make run                 install what is missing, build, seed a demo day, start everything; Ctrl-C stops it"
	@echo "make test                install what is missing, run every test, print a summary"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | grep -vE '^(run|test):' | awk -F ':.*## ' '{ printf "make %-19s %s\n", $$1, $$2 }'
	@echo
	@echo "Settings for make run:   HOST=0.0.0.0  PORT=8000  DB=postgres  DATABASE_URL=...  TLS=1   (README.md has them all)"

.PHONY: run
run: ## the demo
	@scripts/bootstrap run
	@exec doorstep demo

.PHONY: test
test: ## every test
	@scripts/bootstrap test
	@scripts/test

.PHONY: check
check: ## format, lint, types, import rules of both languages, generated files in step, file lengths
	@scripts/bootstrap dev
	@scripts/check

.PHONY: format
format: ## put the code into its standard form
	@scripts/bootstrap dev
	@ruff format .
	@ruff check --fix-only --quiet .
	@npx --no-install prettier --log-level warn --write pwa sync/ts tests/pwa tests/sync

.PHONY: build
build: ## install what running needs and build the web apps when their sources changed
	@scripts/bootstrap run

.PHONY: generate
generate: ## write again what is generated: openapi.json, TypeScript types and validators, docs/reference.md
	@scripts/bootstrap dev
	@npm run --silent generate
	@python scripts/reference.py

.PHONY: day
day: ## replay a real day from FILE=... (SEED=n, FAULTS=rough), one JSON object on standard output; use make -s
	@scripts/bootstrap run
	@exec doorstep day $(if $(FILE),"$(FILE)") $(if $(SEED),--seed "$(SEED)") $(if $(FAULTS),--faults "$(FAULTS)")

.PHONY: demo-export
demo-export: ## write a made-up day of pickups for make day to OUT=... (default var/demo-day.csv)
	@scripts/bootstrap run
	@mkdir -p var
	@exec doorstep demo --export "$(or $(OUT),var/demo-day.csv)"

.PHONY: simulate
simulate: ## two days of five handhelds, server, desk and customers per seed, with every fault (SEEDS=n, FROM=n, BUG=name|list, KEEP=name)
	@scripts/bootstrap test
	@python -m tests.simulation --seeds "$(or $(SEEDS),200)" --from "$(or $(FROM),1)" $(if $(BUG),--bug "$(BUG)") $(if $(KEEP),--keep "$(KEEP)")

.PHONY: soak
soak: ## 10,000 seeds, or as many as HOURS=2 give, then every fault at full size, or for MINUTES=n; figures in docs/MEASURED.md
	@scripts/bootstrap test
	@seeds=0; python -m tests.simulation --seeds "$(or $(SEEDS),10000)" --from "$(or $(FROM),1)" --hours "$(or $(HOURS),2)" --measured docs/MEASURED.md || seeds=1; \
	python -m tests.faults --soak --minutes "$(or $(MINUTES),0)" --measured docs/MEASURED.md && exit $$seeds

.PHONY: bench
bench: ## a station's shift: push, pull, delta, storm, idle polling beside a raw floor; both databases (DEVICES=n, TASKS=n)
	@scripts/bootstrap test
	@python -m tests.bench.shift --devices "$(or $(DEVICES),200)" --tasks "$(or $(TASKS),150)" --measured docs/MEASURED.md

.PHONY: bench-desk
bench-desk: ## the board with 50,000 tasks, and 50,000 orders beside handhelds that push; both databases (ROWS=n, RUNS=n)
	@scripts/bootstrap test
	@board=0; python -m tests.bench.board --tasks "$(or $(ROWS),50000)" || board=1; \
	python -m tests.bench.orders --rows "$(or $(ROWS),50000)" --runs "$(or $(RUNS),1)" && exit $$board

.PHONY: scan-eval
scan-eval: ## what the handheld's decoder reads of the pictures in DIR=... (MANIFEST=DIR/manifest.csv: file, expected), by symbology
	@scripts/bootstrap test
	@python -m tests.scan "$(DIR)" --manifest "$(or $(MANIFEST),$(DIR)/manifest.csv)"

.PHONY: bench-handheld
bench-handheld: ## the courier's app in a browser slowed down six times: first load, cold start, scan, sign-off (TASKS=n, TIMES=n)
	@scripts/bootstrap test
	@python -m tests.bench.handheld --tasks "$(or $(TASKS),400)" --times "$(or $(TIMES),20)" --measured docs/MEASURED.md

.PHONY: guide
guide: ## walk a courier's day in a browser and write docs/guide: its text and pictures, in both languages
	@scripts/bootstrap test
	@GUIDE=write python -m pytest -q tests/e2e/test_guide.py

.PHONY: lock
lock: ## write constraints.txt again after a change of the Python dependencies
	@scripts/lock

.PHONY: clean
clean: ## remove what was installed and built here; var/ (the data) stays
	@rm -rf .venv node_modules build pwa/dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find server sync tests migrations scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
