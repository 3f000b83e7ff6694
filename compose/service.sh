#!/bin/bash
# Starts the service on the cache that this stack has: the six cluster nodes under --profile
# cluster (they are up before the service is), else redis-svc. REDIS_URL in .env overrules both.
cluster_nodes() {
  # All at once and not for long: without a network beyond Docker's, a name that is absent takes
  # its time, and the health check does not wait for six of them.
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
