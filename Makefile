PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
OUT ?= build/extract
CODE := schemas prompts worker evals tests
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: setup run test check gate format clean

setup: $(STAMP)
	@:

$(STAMP): pyproject.toml constraints.txt Makefile
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("gouji needs Python 3.11 or newer; $(PYTHON) is " + sys.version.split()[0] + ". Name another one: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.11")'
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (a minute or two the first time) ..."
	@$(VENV)/bin/python -m pip install -qq -c constraints.txt -e '.[desk,dev,embedded,evals,ocr,postgres,s3,telemetry]'
	@touch $@

run: setup
	@$(VENV)/bin/gouji extract evals/corpus docs/samples/garbled-2023-final.txt --out $(OUT)

test: setup
	@$(VENV)/bin/python -m pytest

check: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy $(CODE)
	$(VENV)/bin/lint-imports --no-logo

gate: setup
	$(VENV)/bin/gouji eval gate evals/gates/layout.json
	$(VENV)/bin/gouji eval gate evals/gates/simulated.json

format: setup
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

clean:
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
