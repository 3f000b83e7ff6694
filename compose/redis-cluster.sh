#!/bin/sh
# Joins the six nodes into a cluster of three masters and three replicas. It changes nothing if the
# cluster exists already.
set -e
nodes=
for name in redis-node-1 redis-node-2 redis-node-3 redis-node-4 redis-node-5 redis-node-6; do
  # CLUSTER MEET takes addresses, not names.
  nodes="$nodes $(getent hosts "$name" | awk '{ print $1; exit }')"
done
known=$(redis-cli -h redis-node-1 cluster nodes | wc -l)
if [ "$known" -gt 1 ]; then
  # The nodes know each other already, but their addresses have changed with the restart.
  for node in $nodes; do redis-cli -h redis-node-1 cluster meet "$node" 6379 >/dev/null; done
else
  # shellcheck disable=SC2046,SC2086  # six words
  redis-cli --cluster create $(printf '%s:6379 ' $nodes) --cluster-replicas 1 --cluster-yes
fi
tries=0
for node in $nodes; do
  until redis-cli -h "$node" cluster info | grep -q cluster_state:ok; do
    tries=$((tries + 1))
    if [ "$tries" -gt 150 ]; then
      echo "The nodes did not form a cluster within 30 s: delete them with their data" \
        "(docker compose --profile '*' down -v) and start again." >&2
      exit 1
    fi
    sleep 0.2
  done
done
