# make test | make demo [DATA_ROOT=folder | TOY=1] | make app [DATA_ROOT=folder] | make lint | make clean
# Each target sets up .venv first; a second call reuses it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PYTHONUNBUFFERED := 1

.PHONY: install test demo app lint format zoo clean
.DELETE_ON_ERROR:

install: $(STAMP)

$(STAMP): requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo 'Python 3.10 or newer is needed; name one: make PYTHON=python3.12 ...'; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@# mmcv is published as source. Built in isolation, where there is no torch, it leaves
	@# out its compiled operators, which nothing here needs and which take 45 minutes.
	MMCV_WITH_OPS=0 $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--requirement requirements/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(STAMP)

test: $(STAMP)
	@# one thread per process: threads that wait for each other's core lose far more time
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 \
		--dist loadfile $(TESTS)

demo: $(STAMP)
	$(BIN)/python tools/demo.py $(if $(TOY),--toy) $(if $(DATA_ROOT),--data-root '$(DATA_ROOT)')

app: $(STAMP)
	$(BIN)/python tools/app.py $(if $(DATA_ROOT),'$(DATA_ROOT)')

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

zoo: $(STAMP)
	$(BIN)/python tools/model_zoo.py

clean:
	rm -rf $(VENV) *.egg-info
