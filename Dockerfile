# The action's container. It must run as root: the workspace that the runner mounts belongs to somebody else, and the entrypoint hands
# back what it made there.
FROM python:3.12-slim-bookworm

# Pythons for the input python-versions, beside the image's own; "" builds where they cannot be downloaded.
ARG PYTHONS="3.10 3.11 3.13"

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore \
    UV_LINK_MODE=copy \
    UV_PYTHON_INSTALL_DIR=/opt/pythons

# git, for us and for suites that use it; the workspace and copies of it belong to the runner's user, which git would call dubious.
# Versions are Debian's, as are its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '*'

WORKDIR /opt/flaky-detector
COPY requirements/uv.txt requirements/runtime.txt requirements/build.txt requirements/
# hadolint ignore=SC2086 -- a list of words
RUN pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: -r requirements/uv.txt \
    && if [ -n "$PYTHONS" ]; then uv python install --no-cache $PYTHONS; fi \
    && uv venv --no-cache --python /usr/local/bin/python3 .venv \
    && uv pip sync --no-cache --python .venv --require-hashes --compile-bytecode requirements/runtime.txt

# Our own package comes last: a change of it rebuilds nothing above.
COPY pyproject.toml README.md LICENSE entrypoint.py ./
COPY flaky_detector flaky_detector
RUN uv build --no-cache --wheel --python .venv --require-hashes --build-constraints requirements/build.txt --out-dir dist . \
    && uv pip install --no-cache --python .venv --no-deps --compile-bytecode dist/*.whl \
    && rm -rf dist flaky_detector

# -I: neither the workspace nor the user's PYTHONPATH may shadow our modules.
ENTRYPOINT ["/opt/flaky-detector/.venv/bin/python", "-I", "/opt/flaky-detector/entrypoint.py"]
