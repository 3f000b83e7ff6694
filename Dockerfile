# This file builds two images: `service` (small) and `locust` (load generator and experiments).
# It has no "# syntax=" line, which would pull one more image.

ARG PYTHON_IMAGE=python:3.13.15-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

# Packages are taken as the files that `make lock` saw, and never built here.
FROM ${PYTHON_IMAGE} AS service-packages
COPY requirements-service.lock /
RUN pip install --no-cache-dir --require-hashes --only-binary=:all: --prefix=/packages \
      -r /requirements-service.lock

FROM ${PYTHON_IMAGE} AS locust-packages
COPY requirements.lock /
RUN pip install --no-cache-dir --require-hashes --only-binary=:all: --prefix=/packages \
      -r /requirements.lock

FROM ${PYTHON_IMAGE} AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app
# What runs here installs nothing.
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip \
 && rm -rf /usr/local/lib/python3.*/ensurepip
WORKDIR /app
STOPSIGNAL SIGTERM

FROM base AS service
COPY --from=service-packages /packages /usr/local
COPY wsgi.py /app/
COPY service /app/service
# If a package is missing from the list above, the build fails here instead of the first request.
RUN python -c "import service"
USER 10001:10001
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
CMD ["python", "-m", "service"]

FROM base AS locust
COPY --from=locust-packages /packages /usr/local
COPY locust.conf /app/
COPY loadtests /app/loadtests
USER 10001:10001
EXPOSE 8089 5557 9646 9647
CMD ["locust", "-f", "loadtests/locustfile.py"]
