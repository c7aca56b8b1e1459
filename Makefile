# make demo    install, train on the bundled play for two minutes, write some text
# make test    install, run the tests; make test-slow the rest
# make test-torch, make test-integrations   install what only these need, run their tests
# make check   install, run the linters, the type checker and the import rules
# make docs    install, build the site in build/site
# make notebooks  install, write the pages on what happens inside as notebooks, docs/*.ipynb
# make commands   write the references again: docs/commands*.md, docs/reference*.md, share/
# make pages   run the pages on state and with shown outputs again, and keep what they print and draw
# make model   train the bundled model again
# make clean   remove what the others made

# The first Python found here that TensorFlow supports; choose another with `make PYTHON=...`.
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	>/dev/null 2>&1 && { echo $$p; break; }; done)
BIN := .venv/bin
# Two processes divide the tests; whichever is done first takes some of the other's.
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: demo test test-slow test-torch test-integrations check docs notebooks commands pages model clean

demo: .venv/installed
	$(BIN)/chargen train corpora/drowned-bell.txt --name demo --minutes 2 --overwrite
	$(BIN)/chargen sample "All: " --model demo --temperature 0.5

test: .venv/installed-dev
	$(PYTEST) -m "not slow"

test-slow: .venv/installed-dev .venv/installed-docs
	$(PYTEST) -m slow

# On Linux, PyPI's PyTorch comes with CUDA: several GB. `make test` leaves these tests out without it.
test-torch: .venv/installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pytest tests/exports -k torch

test-integrations: .venv/installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e 'integrations/llm-chargen[test]'
	$(BIN)/python -m pytest integrations/llm-chargen

check: .venv/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/installed-docs
	$(BIN)/python docs/tools/build.py

notebooks: .venv/installed-docs
	$(BIN)/jupytext --to ipynb --update-metadata \
		'{"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}' \
		docs/state.md docs/memory.md docs/inside.md

commands: .venv/installed
	$(BIN)/python docs/tools/commands.py
	$(BIN)/python docs/tools/reference.py

pages: .venv/installed
	$(BIN)/python docs/tools/run_page.py docs/state.md docs/memory.md docs/inside.md
	$(BIN)/python docs/tools/run_console.py docs/index.md docs/controls.md docs/measuring.md

model: .venv/installed
	$(BIN)/chargen train corpora/drowned-bell.txt --name bundled --overwrite --units 256 \
		--dropout 0.4 --weight-dropout 0.25 --epochs 40 --initial-weights random --precision float32
	$(BIN)/chargen export half --model bundled --output checkpoints/bundled/model.safetensors --overwrite

clean:
	rm -rf docs/*.ipynb .venv .coverage .*_cache build dist checkpoints/demo
	find chargen tests benchmarks -name __pycache__ -type d -exec rm -r {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "chargen needs Python 3.11, 3.12 or 3.13 with venv (on Debian: apt install python3-venv); none was found. If you have one elsewhere: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Downloading about 0.65 GB, nearly all of it TensorFlow, and installing it: 2.5 GB on disk ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[serve,train]'
	@touch $@

.venv/installed-dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Downloading about 0.65 GB where nothing is installed yet, nearly all of it TensorFlow ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ .venv/installed

.venv/installed-docs: pyproject.toml constraints.txt | .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@
