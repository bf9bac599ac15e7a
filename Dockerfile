FROM python:3.11-slim
WORKDIR /app
COPY constraints.txt pyproject.toml README.md ./
RUN pip install --no-cache-dir --require-hashes -r constraints.txt
COPY bot bot
COPY rules.yaml rules.yaml
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
 && useradd --create-home bot && mkdir -p /app/var && chown bot /app/var
USER bot
# Inside a container every interface is the container's own; publish the port where you want it.
ENV HOST=0.0.0.0 PORT=8080 LOG_FORMAT=json
EXPOSE 8080
VOLUME /app/var
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=3)"]
CMD ["bot", "run"]
