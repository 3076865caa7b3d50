# The image of ailtire-deploy: controller, gateway, edge and sweeper of every stack.
#
# A plain `docker build .` works where images and packages can be pulled. Elsewhere setup/images builds it: BASE is
# then an image that has the Debian packages already, and `wheels` in the context holds every Python package.
ARG BASE=debian:bookworm-slim

# Nothing but dependencies: these layers outlive changes of the code.
FROM ${BASE} AS runtime
ENV PATH=/opt/ailtire/bin:$PATH PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN { which python3 haproxy curl && python3 -c 'import ensurepip'; } >/dev/null \
    || { apt-get update \
        && apt-get install --yes --no-install-recommends ca-certificates curl haproxy python3-venv \
        && rm -rf /var/lib/apt/lists/*; }
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin ailtire && python3 -m venv /opt/ailtire
COPY pyproject.toml wheel[s] /wheels/
WORKDIR /wheels
RUN if ls *.whl >/dev/null 2>&1; then pip config --quiet --site set global.no-index true; fi \
    && pip config --quiet --site set global.find-links /wheels \
    && python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
        | pip install --quiet --requirement /dev/stdin

FROM runtime AS build
# Lets setup/images find what earlier builds left behind.
LABEL ailtire.inputs=build
RUN pip install --quiet hatchling
COPY . /src
RUN pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /dist /src

FROM runtime
ENTRYPOINT ["ailtire-deploy"]
COPY --from=build /dist /dist
RUN pip install --quiet --no-deps /dist/*.whl
USER 10001
WORKDIR /
