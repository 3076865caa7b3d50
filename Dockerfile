# The image of ailtire-deploy: controller, gateway, edge and sweeper of every stack.
#
# A plain `docker build .` works where images and packages can be pulled. Elsewhere setup/images builds it: BASE is
# then an image that has the Debian packages already, and `wheels` in the context holds every Python package.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS base
RUN which python3 haproxy curl >/dev/null && python3 -c 'import ensurepip' \
    || { apt-get update \
        && apt-get install --yes --no-install-recommends ca-certificates curl haproxy python3-venv \
        && rm -rf /var/lib/apt/lists/*; }

FROM base AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1
RUN python3 -m venv /opt/ailtire
COPY pyproject.toml wheel[s] /wheels/
# Dependencies first, in a layer that outlives changes of the code.
RUN if ls /wheels/*.whl >/dev/null 2>&1; then printf '[global]\nno-index = true\nfind-links = /wheels\n' >/etc/pip.conf; fi \
    && python3 -c 'import tomllib; print(*tomllib.load(open("/wheels/pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
        >/wheels/requirements.txt \
    && /opt/ailtire/bin/pip install --requirement /wheels/requirements.txt
COPY . /src
RUN /opt/ailtire/bin/pip install --no-deps /src

FROM base
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin ailtire
COPY --from=build /opt/ailtire /opt/ailtire
ENV PATH=/opt/ailtire/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
ENTRYPOINT ["ailtire-deploy"]
