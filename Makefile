# Two commands do all the set-up: make run and make test.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: run test test-slow coverage mutate fuzz lint format bench docs release clean

run: $(VENV)/.train ## train on the embedded digits and evaluate, then read a sample picture
	$(BIN)/tenfold train
	$(BIN)/tenfold read docs/pictures/sample.png

# As many processes as cores: a library's own threads would only stand in their way.
test coverage: export OMP_NUM_THREADS = 1
test: $(VENV)/.dev ## every test but the slow ones, with a budget of 6 minutes; 90 % of the code
	$(BIN)/pytest -n auto --dist loadfile --cov --cov-report=

test-slow: $(VENV)/.dev ## long fuzzing, series of kills, measurements: a budget of 20 minutes
	$(BIN)/pytest -m slow

coverage: $(VENV)/.dev ## make test, and which lines and branches it reaches
	$(BIN)/pytest -n auto --dist loadfile --cov --cov-report=term-missing

mutate: $(VENV)/.dev ## change the code in small ways and see whether its tests notice; 20 minutes
	$(BIN)/python .ci/mutate.py

lint: $(VENV)/.dev ## format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --num-workers 2

format: $(VENV)/.dev ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Seeds that benchmarks/results holds are not trained again; accuracy_of_recipes.py says how to.
RECIPES := "fast --seeds 30" "small --seeds 5 --threads 1" "mnist" "best --extra"
BENCHES := accuracy_on_digits time_of_tutorial time_to_99_percent speed_of_training \
	growth_of_training limit_of_training speed_of_prediction size_in_int8 speed_of_server \
	cost_of_reading reading_composed_pages search_of_recipe few_pictures alignment forms scale
WITH_DATA := beyond_accuracy bundled_classifier reading_pictures fine_tuning web_parity

bench: $(VENV)/.dev ## measure beside named peers (hours; benchmarks/README.md says what each needs)
	for recipe in $(RECIPES); do \
	$(BIN)/python benchmarks/accuracy_of_recipes.py $$recipe || exit 1; done
	for name in $(BENCHES); do $(BIN)/python benchmarks/$$name.py || exit 1; done
	if [ -z "$$TENFOLD_DATA" ]; then echo 'TENFOLD_DATA is not set: left out: $(WITH_DATA)'; \
	else for name in $(WITH_DATA); do $(BIN)/python benchmarks/$$name.py || exit 1; done; \
	$(BIN)/python benchmarks/reading_pictures.py --peers || exit 1; fi
	$(BIN)/python benchmarks/readme_table.py

fuzz: $(VENV)/.dev ## damaged files, hostile layouts, wrong requests: the counts of SECURITY.md (hours)
	$(BIN)/python benchmarks/fuzz.py

docs: $(VENV)/.dev ## write the pages' generated parts and build them into site/
	$(BIN)/python -m typer tenfold.cli utils docs --name tenfold --output docs/commands.md
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

release: ## build the wheel and read the sample with it in an empty environment
	PYTHON=$(PYTHON) .ci/release

clean: ## remove what make made
	rm -rf $(VENV) site dist .mutants .mypy_cache .pytest_cache .ruff_cache

$(VENV)/.train: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[train]'
	touch $@

$(VENV)/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.train
