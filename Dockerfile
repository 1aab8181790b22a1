# dataqa in a container, from the lock, run by a user without rights: docs/containers.md
FROM python:3.12-slim AS build
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_PROJECT_ENVIRONMENT=/opt/dataqa UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
ARG EXTRAS="review objects"
WORKDIR /build
COPY pyproject.toml uv.lock README.md LICENSE NOTICE ./
RUN uv sync --frozen --no-dev --no-install-project $(printf -- '--extra %s ' $EXTRAS)
COPY dataqa dataqa
COPY flows flows
COPY pipelines pipelines
COPY rules rules
RUN uv sync --frozen --no-dev --no-editable $(printf -- '--extra %s ' $EXTRAS)

FROM python:3.12-slim
# the id of whoever owns the folder that is mounted at /work
ARG UID=1000
RUN useradd --create-home --uid "$UID" dataqa && install -d -o dataqa /work /cache
COPY --from=build /opt/dataqa /opt/dataqa
# kernels are compiled for the processor at hand, so where they are kept is a volume
ENV PATH=/opt/dataqa/bin:$PATH DATAQA_CACHE=/cache
VOLUME /cache
USER dataqa
WORKDIR /work
ENTRYPOINT ["dataqa"]
CMD ["--help"]
