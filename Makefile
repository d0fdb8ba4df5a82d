# Two commands do all the set-up: make run and make test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: run test lint format bench fuzz docs release clean

run: $(VENV)/.train ## train on the embedded digits and evaluate, then read a sample picture
	$(BIN)/tenfold train
	$(BIN)/tenfold read docs/pictures/sample.png

test: $(VENV)/.dev ## every test
	$(BIN)/pytest

lint: $(VENV)/.dev ## format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Seeds that benchmarks/results holds are not trained again; benchmarks/records.py says how to.
RECORDS := "fast --seeds 30" "small --seeds 5 --threads 1" "mnist" "best --extra"
BENCHES := digits tutorial time_to_99 throughput inference scaling floor serve speed
WITH_DATA := evaluation model reading

bench: $(VENV)/.dev ## measure beside named peers (hours; each script says what it needs)
	for series in $(RECORDS); do $(BIN)/python benchmarks/records.py $$series || exit 1; done
	for name in $(BENCHES); do $(BIN)/python benchmarks/$$name.py || exit 1; done
	if [ -z "$$TENFOLD_DATA" ]; then echo 'TENFOLD_DATA is not set: left out: $(WITH_DATA)'; \
	else for name in $(WITH_DATA); do $(BIN)/python benchmarks/$$name.py || exit 1; done; \
	$(BIN)/python benchmarks/reading.py --peers || exit 1; fi
	$(BIN)/python benchmarks/tables.py

fuzz: $(VENV)/.dev ## damaged files, hostile layouts, wrong requests: the counts of SECURITY.md (hours)
	$(BIN)/python benchmarks/fuzz.py

docs: $(VENV)/.dev ## write the pages' generated parts and build them into site/
	$(BIN)/python -m typer tenfold.cli utils docs --name tenfold --output docs/commands.md
	$(BIN)/mkdocs build --strict

release: ## build the wheel and read the sample with it in an empty environment
	PYTHON=$(PYTHON) .ci/release

clean: ## remove what make made
	rm -rf $(VENV) site dist .mypy_cache .pytest_cache .ruff_cache

$(VENV)/.train: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[train]'
	touch $@

$(VENV)/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.train
