#!/usr/bin/env bash
# Install into .venv (first time only) and start the app; options go to app.py.
set -euo pipefail
cd "$(dirname "$0")"
. ./tools/venv.sh
exec .venv/bin/python app.py "$@"
