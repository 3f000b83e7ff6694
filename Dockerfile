# This file builds two images: `service` (small) and `locust` (load generator and experiments).
# It has no "# syntax=" line, which would pull one more image.

FROM python:3.13-slim AS service-packages
COPY requirements.txt /
# The service needs only these pinned packages; numpy, scipy, plotly and locust are left out.
RUN grep -E '^(flask|granian|redis|hiredis|sqlalchemy|pymysql|cryptography|prometheus-client)\b' \
      /requirements.txt > /service.txt \
 && pip install --no-cache-dir --prefix=/packages -r /service.txt

FROM python:3.13-slim AS locust-packages
COPY requirements.txt /
RUN pip install --no-cache-dir --prefix=/packages -r /requirements.txt

FROM python:3.13-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app
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
