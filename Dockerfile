# One image for every process: `shirase worker ROLE`, `shirase api NAME`, `python -m dispatch.stub`.
FROM python:3.11-slim-bookworm AS build
# For dispatch/native/push.c; what runs has no compiler.
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock ./
# The lock names every file by its hash: a changed package ends the build.
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN /venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && /venv/bin/python -m dispatch.native

FROM python:3.11-slim-bookworm
# No shell account, no home: a process that was broken into finds nothing to keep.
RUN useradd --system --uid 10001 --no-create-home shirase \
    && install -d -o shirase -g shirase /var/lib/shirase /var/lib/shirase-areas /var/lib/shirase-static \
    && install -d -m 0700 -o shirase -g shirase /var/lib/shirase-accounts \
    && install -d -m 0700 -o shirase -g shirase /var/lib/shirase-officers
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /app
USER shirase
VOLUME /var/lib/shirase /var/lib/shirase-areas
CMD ["shirase", "--help"]
