#!/bin/sh
# Starts the service on the cache that this stack has: the six cluster nodes under --profile
# cluster (they are up before the service is), else redis-svc. REDIS_URL in .env overrules both.
cluster_node() {
  python - <<'PYTHON'
import contextlib
import socket

for number in range(1, 7):
    with contextlib.suppress(OSError):
        socket.create_connection((f"redis-node-{number}", 6379), 2).close()
        print(f"redis-node-{number}")
        break
PYTHON
}
if [ -z "${REDIS_URL-}" ]; then
  node=$(cluster_node)
  REDIS_URL=${node:+redis+cluster://$node:6379}
  export REDIS_URL="${REDIS_URL:-redis://redis-svc:6379/0}"
fi
exec sh /compose/refuse-empty.sh CONTROL_TOKEN -- python -m service
