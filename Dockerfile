FROM python:3.12-slim

RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/gouji gouji
WORKDIR /opt/gouji
COPY constraints.txt pyproject.toml README.md ./
COPY schemas schemas
COPY prompts prompts
COPY worker worker
COPY evals evals
RUN pip install --no-cache-dir -c constraints.txt '.[desk,ocr,postgres,s3,telemetry]'

ENV GOUJI_HOME=/var/lib/gouji PYTHONUNBUFFERED=1
USER gouji
VOLUME /var/lib/gouji
ENTRYPOINT ["gouji"]
CMD ["worker"]
HEALTHCHECK --interval=60s --timeout=30s --start-period=60s CMD ["gouji", "doctor"]
