# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The oldest scikit-learn we support; its wheels are for Python 3.11 to 3.13.
OLDEST := .venv-oldest
OLDEST_PYTHON ?= $(PYTHON)

# Two test processes on two cores: further threads in each would wait for one another.
# Bytecode is kept, whatever the shell says: processes that tests start compile nothing.
PYTEST_ENV := SCIPY_ARRAY_API=1 OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=
# A file's tests in one process: what its fixtures fit is fitted once.
PYTEST_JOBS := -n 2 --dist loadfile

.PHONY: demo test test-slow hunt lint docs bench bench-attacks bench-defenses bench-peers common-oldest clean

# One stamp per set of extras: a change of pyproject.toml installs anew.
$(VENV)/.cli: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[cli]"
	touch $@

$(VENV)/.dev: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	touch $@ $(VENV)/.cli

$(VENV)/.docs: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[docs]"
	touch $@ $(VENV)/.cli

$(OLDEST)/.ready: pyproject.toml
	test -x $(OLDEST)/bin/python || $(OLDEST_PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check \
		-e ".[test]" "scikit-learn==1.6.1" "scipy<1.16" "pandas<3"
	touch $@

demo: $(VENV)/.cli  ## set up and run the main job: audit two models, and write a report
	$(BIN)/skmia demo --html demo-report.html

test: $(VENV)/.dev  ## set up and run the tests, doctests and the README included
	$(PYTEST_ENV) $(BIN)/python -m pytest $(PYTEST_JOBS) -m "not slow and not hunt"

test-slow: $(VENV)/.dev  ## the tests that take long: real data, many seeds, killed runs
	$(PYTEST_ENV) $(BIN)/python -m pytest $(PYTEST_JOBS) -m slow

hunt: $(VENV)/.dev  ## thousands of random scenarios whose right figure is known: most of an hour
	$(PYTEST_ENV) $(BIN)/python -m pytest -n 2 -m hunt tests/hunt

lint: $(VENV)/.dev  ## ruff (check and format), mypy, and the floors of the packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

common-oldest: $(OLDEST)/.ready  ## the common tests on the oldest supported scikit-learn
	$(PYTEST_ENV) $(OLDEST)/bin/python -m pytest $(PYTEST_JOBS) tests/test_common.py tests/traps

docs: $(VENV)/.docs  ## build the documentation into docs/_build/html
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

bench: $(VENV)/.dev  ## run the benchmarks that write benchmarks/results/
	$(BIN)/python benchmarks/lira_variance.py
	$(BIN)/python benchmarks/shadow_speed.py
	$(BIN)/python benchmarks/cluster.py
	$(BIN)/python benchmarks/cheaper_fits.py
	$(BIN)/python benchmarks/stacked_cost.py
	$(BIN)/python benchmarks/million_records.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/pool_memory.py
	$(BIN)/python benchmarks/counterfactual_null.py
	$(BIN)/python benchmarks/counterfactual_accuracy.py
	$(BIN)/python benchmarks/auto_shadows.py
	$(BIN)/python benchmarks/train_share.py
	$(BIN)/python benchmarks/dp_audit.py
	$(BIN)/python benchmarks/private_accuracy.py
	$(BIN)/python benchmarks/coverage.py
	$(BIN)/python benchmarks/learner_coverage.py
	$(BIN)/python benchmarks/compare_coverage.py
	$(BIN)/python benchmarks/roc_band.py
	$(BIN)/python benchmarks/subgroup_error.py
	$(BIN)/python benchmarks/slice_search.py
	$(BIN)/python benchmarks/attribute_inference.py
	$(BIN)/python benchmarks/exposed_members.py
	$(BIN)/python benchmarks/shifted_splits.py
	$(BIN)/python benchmarks/report_share.py
	$(BIN)/python benchmarks/row_copies.py

bench-attacks: $(VENV)/.dev  ## every attack on 30 pairs of data and model, resumable
	$(BIN)/python benchmarks/attack_power.py

bench-defenses: $(VENV)/.dev  ## every defense at several strengths on 14 pairs, resumable
	$(BIN)/python benchmarks/defense_frontier.py
	$(BIN)/python benchmarks/defense_shadows.py

bench-peers: $(VENV)/.dev  ## other toolkits on the same target, each in its own environment
	$(BIN)/python benchmarks/against_peers.py

clean:
	rm -rf $(VENV) $(OLDEST) docs/_build
