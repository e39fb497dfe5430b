# The commands of Media Lab Studio; `make help` lists them.
PYTHON ?= python3
LAB ?= 1
BIN := .venv/bin
NOTEBOOKS := $(wildcard notebooks/*.ipynb)
# Notebooks are tested in a copy, so that their pictures do not fill the user's outputs.
COPY := .notebook-test
# The browser's half is built and checked where Node.js is. Users need none: bundles are checked in.
NPM := $(shell command -v npm)
NODE_MODULES := $(if $(NPM),node_modules/.package-lock.json)

.DEFAULT_GOAL := help
.PHONY: help environment studio app api batch photos settings rooms paperdoll test beside-lint lint format bundles benchmark mutants \
	screenshots gpu clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

environment: ## make or update .venv; does nothing when nothing changed
	@$(PYTHON) bootstrap.py

studio: environment ## open the studio in JupyterLab; LAB=0 makes a first picture instead
ifeq ($(LAB),0)
	@echo "making a first picture"
	@$(BIN)/python -m medialab prompt="a close-up of the face of a smiling person with long red hair" seed=7
else
	@exec $(BIN)/python -m widgets.lab
endif

app: PORT ?= 6699
app: environment ## the studio alone, as a page on port 6699; PORT=number for another
	@exec $(BIN)/python -m widgets.app --port=$(PORT)

api: PORT ?= 8000
api: environment ## the studio for other programs, on port 8000 (docs/api.md); PORT=number for another, DEVICES=all for every GPU
	@exec $(BIN)/python -m medialab.api --port=$(PORT) $(if $(DEVICES),--devices $(DEVICES))

batch: environment ## make what is missing of a batch: FILE=batch.yaml; DEVICES=cuda:0,cuda:1 for several GPUs; on a cluster with DASK=tcp://host:8786, or WORKERS=2
	@$(BIN)/python -m medialab batch $(FILE) $(if $(DEVICES),--devices $(DEVICES)) $(if $(DASK),--dask $(DASK)) $(if $(WORKERS),--workers $(WORKERS))

photos: environment ## fetch detectors and upscalers for photos (docs/models.md), 62 MB; FROM=folder takes packages that are there
	@$(BIN)/python -m medialab fetch photos $(if $(FROM),--from "$(FROM)")

settings: environment ## write docs/settings.md, the page of every setting, from the config models
	@$(BIN)/python -m medialab settings > docs/settings.md

rooms: environment ## draw docs/rooms.svg, the rooms of the core and which imports which
	@$(BIN)/python docs/rooms.py

paperdoll: environment ## list the recipes of the embedded models; RECIPE=name (or all) trains
	@$(BIN)/python -m models.paperdoll.train $(RECIPE) $(if $(STEPS),--steps $(STEPS))

# CI runs every test; on a developer's machine those that try more of the same wait for THOROUGH=1.
THOROUGH ?= $(CI)
EXTENT := $(if $(THOROUGH),,-m "not thorough and not further_row")
# A quick run writes to memory where Linux has 4 GB of it for files: SQLite and a saved picture wait for
# the disk, a tenth of a second in each test that draws. CI writes to its disk.
MEMORY := $(if $(THOROUGH),,$(shell test -w /dev/shm && \
	df -k /dev/shm | awk 'NR > 1 && $$4 > 4000000 { print "/dev/shm" }'))
# What a test that passed has written there goes with it.
KEPT := $(if $(MEMORY),-o tmp_path_retention_policy=failed)
# Plugins that pytest would import in each process: one is for notebooks, the other for nothing here.
LEAN := -p no:nbval -p no:schemathesis

# One thread that sleeps while it waits: two test processes share a small machine's cores.
test: export OMP_WAIT_POLICY := PASSIVE
test: export OMP_NUM_THREADS := 1
test: export PYTEST_DEBUG_TEMPROOT := $(MEMORY)
# No test reaches for a hub; one that tries fails at once, with a network or without.
test: export HF_HUB_OFFLINE := 1
test: export TRANSFORMERS_OFFLINE := 1
# Notebooks that are tested have models and outputs beside them, wherever a developer keeps theirs.
test: export MEDIALAB_MODELS :=
test: export MEDIALAB_OUTPUTS :=
# Its advice would stand among the results.
test: export TRANSFORMERS_VERBOSITY := error
test: environment $(NODE_MODULES) ## lint, the tests, every notebook; THOROUGH=1 for all that CI runs
	@$(MAKE) --no-print-directory -j 2 lint beside-lint
	@$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder --ignore tests/benchmarks $(LEAN) $(EXTENT) $(KEPT)
	@rm -rf $(COPY) && mkdir $(COPY) && cp -r medialab widgets notebooks models $(COPY)
	@PYTHONPATH="$(CURDIR)/$(COPY)" $(BIN)/pytest -q -n 2 --dist loadfile \
		--nbval-lax --nbval-cell-timeout 120 $(COPY)/notebooks
	@rm -rf $(COPY)

# What takes one process, on the core that lint leaves idle. Figures, those of a disk among them, are kept;
# they decide in `make benchmark` alone.
beside-lint: environment $(NODE_MODULES)
	@$(if $(NPM),npm run --silent test)
	@PYTEST_DEBUG_TEMPROOT= $(BIN)/pytest -q tests/benchmarks $(LEAN) $(EXTENT)

lint: environment $(NODE_MODULES) ## style, types, import contracts, notebooks without outputs
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo
	@$(if $(NOTEBOOKS),$(BIN)/nbstripout --keep-id --verify $(NOTEBOOKS))
	@$(if $(NPM),npm run --silent lint,echo "lint: JavaScript and CSS are not checked, since npm is not installed"; \
		$(if $(CI),exit 1))

format: environment $(NODE_MODULES) ## mend style, strip the notebooks' outputs, build the bundles
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format --quiet
	@$(if $(NOTEBOOKS),$(BIN)/nbstripout --keep-id $(NOTEBOOKS))
	@$(if $(NPM),npm run --silent format)

bundles: $(NODE_MODULES) ## build the widgets' bundles, after a change of their JavaScript; needs npm
	@npm run --silent build

node_modules/.package-lock.json: package-lock.json
	@npm ci --silent

benchmark: environment ## what things cost here, held to their bounds; minutes alone on it, 8 GiB
	@BENCHMARKS=1 OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/pytest -q -s tests/benchmarks

# On a bare machine with CUDA torch there is no .venv: `python -m tests.gpu.carry` lists the wheels to
# carry there, which its Python installs (docs/performance.md).
GPU_PYTHON := $(or $(wildcard $(BIN)/python),$(PYTHON))
# Figures first: they are kept row by row. Warnings of another torch fail no test there.
gpu: ## the benchmark and the tests of an NVIDIA GPU: a table, and outputs/gpu.json; 8 minutes
	@$(GPU_PYTHON) -m tests.gpu.bench --minutes 6 $(ROWS); measured=$$?; \
	timeout 100 $(GPU_PYTHON) -m pytest -q -p no:cacheprovider -W default -m gpu \
		tests/process/test_retries.py tests/lora/test_patches.py && exit $$measured

# The rooms whose promises are hardest to see in use.
mutants: ROOMS ?= runs/cache.py artifacts lora families runs
mutants: environment ## small faults, one at a time: which do tests not notice; hours; ROOMS="lora" for some
	@OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE TRANSFORMERS_VERBOSITY=error \
		$(BIN)/python -m tests.mutants.run $(ROOMS)

screenshots: environment ## look at the studio in a real browser: docs/studio.png, docs/tour/ and others
	@UI_MODELS=models UI_SCREENSHOTS=outputs/screenshots $(BIN)/pytest -q tests/ui
	@UI_MODELS=models $(BIN)/pytest -q tests/ui/tour.py

clean: ## remove .venv and the caches; models and outputs stay
	@rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find medialab widgets tests -name __pycache__ -prune -exec rm -rf {} +
