#!/bin/bash
# Starts the service on the cache of this stack: the six cluster nodes under --profile cluster
# (they start before the service), otherwise redis-svc. REDIS_URL in .env overrides both.
cluster_nodes() {
  # Tries all nodes at once, for at most 3 s: without a network outside Docker, a name that does not
  # exist resolves slowly, and the health check would not wait for six of them in turn.
  for node in redis-node-{1..6}; do
    timeout 3 bash -c "exec 3<>/dev/tcp/$node/6379" 2>/dev/null && echo "$node" &
  done
  wait
}
if [ -z "${REDIS_URL-}" ]; then
  node=$(cluster_nodes | sort | head -n 1)
  REDIS_URL=${node:+redis+cluster://$node:6379}
  export REDIS_URL="${REDIS_URL:-redis://redis-svc:6379/0}"
fi
exec sh /compose/refuse-empty.sh CONTROL_TOKEN -- python -m service
