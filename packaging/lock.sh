#!/bin/sh
# Writes the lock files: hashes, no addresses of any registry.
set -eu
bin=.venv/bin
"$bin/python" -m pip install -q uv
pin() { "$bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate "$@"; }
pin pyproject.toml --output-file requirements.lock
# With what the package for Debian brings besides, and the tests want.
pin pyproject.toml --extra archive --constraint requirements.lock --output-file requirements-archive.lock
pin pyproject.toml --extra archive --group dev --output-file requirements-dev.lock
