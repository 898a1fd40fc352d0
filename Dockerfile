FROM python:3.11-slim

RUN useradd --uid 50000 --create-home airflow \
    && install -d -o airflow -g airflow /lake

WORKDIR /app
COPY requirements.txt .
# Only wheels: the image has no compiler.
RUN pip install --no-cache-dir --only-binary :all: --require-hashes -r requirements.txt
COPY . .

ENV AIRFLOW_HOME=/home/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/app/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/app/plugins \
    AIRFLOW__LOGGING__BASE_LOG_FOLDER=/lake/airflow/logs \
    COMMON_METRICS_LAKE=/lake \
    COMMON_METRICS_DROP=/drop \
    PYTHONPATH=/app/plugins \
    PYTHONUNBUFFERED=1
# The user airflow may not write here.
RUN python -m common_metrics.cli sources

USER airflow
CMD ["airflow", "info"]
