#!/usr/bin/env bash
# Install what the tests need and run them all: lint, types, unit, real model, real browser.
set -euo pipefail
cd "$(dirname "$0")"
. ./tools/venv.sh
# A browser for the page, and Debian's sample pictures for the eyes.
missing=""
command -v chromium >/dev/null || missing="$missing chromium"
[ -d /usr/share/doc/opencv-doc/examples ] || missing="$missing opencv-doc"
# OpenGL without a screen, for the studio's pictures.
for package in libegl1 libgl1 libgl1-mesa-dri; do
    dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing >/dev/null
    else
        echo "The tests need Debian packages: sudo apt-get install$missing" >&2
        exit 1
    fi
fi
.venv/bin/pip install --quiet --disable-pip-version-check "pytest>=8.4" "hypothesis>=6.130" \
    "playwright>=1.55" "scikit-image>=0.25" "ruff>=0.14" "pyright>=1.1.400" \
    "matplotlib>=3.10" "moderngl>=5.12"
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/pyright --pythonpath .venv/bin/python
exec .venv/bin/python -m pytest "$@"
