FROM python:3.11.14-slim-bookworm AS builder
WORKDIR /build
COPY requirements/prod.lock requirements/prod.lock
# Wheels only: nothing is compiled, no compiler is needed, and what is installed is what was hashed.
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
      --only-binary :all: --require-hashes -r requirements/prod.lock

FROM python:3.11.14-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/home/agent \
    RECORDINGS_DIR=/recordings
# A fixed id, so that a volume's owner is the same on every host.
RUN useradd --uid 10001 --create-home --home-dir /home/agent --shell /usr/sbin/nologin agent \
 && install -d -o agent -g agent /recordings /home/agent/.cache
WORKDIR /app
COPY --from=builder /opt/venv /opt/venv
COPY agent.py ./
COPY agent/ agent/
COPY prompts/ prompts/
COPY sip_config/ sip_config/
# Before USER: the code stays root's, and byte code is there although it cannot be written later.
RUN python -m compileall -q agent
USER 10001
VOLUME ["/recordings"]
EXPOSE 8081
# Alive, not ready: a worker that lost LiveKit is reconnecting and holds calls; /readyz is for routing.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8081/healthz', timeout=4)"]
# Drains: takes no new call and waits for those it has. Give it time: --stop-timeout, stop_grace_period.
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "agent.py"]
CMD ["start"]
