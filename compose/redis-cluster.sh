#!/bin/sh
# Joins the six nodes to one cluster of three masters and three replicas; on a cluster that is
# there already it changes nothing.
set -e
if redis-cli -h redis-node-1 cluster info | grep -q cluster_state:ok; then exit 0; fi
nodes=
for name in redis-node-1 redis-node-2 redis-node-3 redis-node-4 redis-node-5 redis-node-6; do
  # CLUSTER MEET takes addresses, not names.
  nodes="$nodes $(getent hosts "$name" | awk '{ print $1; exit }'):6379"
done
# shellcheck disable=SC2086  # six words
redis-cli --cluster create $nodes --cluster-replicas 1 --cluster-yes
until redis-cli -h redis-node-6 cluster info | grep -q cluster_state:ok; do sleep 0.2; done
