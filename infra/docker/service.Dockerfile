# One image per service: docker build -f infra/docker/service.Dockerfile --build-arg SERVICE=worker -t penstock-worker .
# SERVICE is api, scheduler, worker, quality or migrate; it names the extra that is installed and nothing else.
ARG PYTHON_VERSION=3.11

# The web pages, which only the API serves; they are small, so all images have them.
FROM node:20-bookworm-slim AS pages
WORKDIR /ui
COPY services/api/ui/package.json services/api/ui/package-lock.json services/api/ui/.npmrc ./
RUN npm ci
COPY services/api/ui .
RUN npm run build

FROM python:${PYTHON_VERSION}-slim-bookworm AS build
ARG SERVICE
ENV UV_PROJECT_ENVIRONMENT=/opt/penstock UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
RUN pip install --no-cache-dir uv==0.13.8
WORKDIR /src
# The libraries first: they change less often than our code.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project --extra "${SERVICE}"
COPY services services
COPY shared shared
COPY infra infra
COPY --from=pages /ui/static services/api/ui/static
RUN uv sync --frozen --no-dev --no-editable --extra "${SERVICE}"

FROM python:${PYTHON_VERSION}-slim-bookworm
ARG SERVICE
LABEL org.opencontainers.image.title="penstock-${SERVICE}" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /var/lib/penstock --create-home penstock \
    && install --directory --owner penstock /var/lib/penstock/staging /var/lib/penstock/scratch
COPY --from=build /opt/penstock /opt/penstock
ENV PATH=/opt/penstock/bin:$PATH \
    PENSTOCK_SERVICE=${SERVICE} \
    PENSTOCK_HOME=/var/lib/penstock \
    PENSTOCK_STAGING_URL=file:///var/lib/penstock/staging \
    PENSTOCK_SCRATCH=/var/lib/penstock/scratch \
    PENSTOCK_API_HOST=0.0.0.0 \
    PENSTOCK_API_PORT=8321 \
    PENSTOCK_LOG_FORMAT=json \
    PYTHONUNBUFFERED=1
WORKDIR /var/lib/penstock
USER 10001
VOLUME /var/lib/penstock
EXPOSE 8321
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["python", "-m", "infra.docker.health"]
CMD ["python", "-m", "infra.docker.start"]
