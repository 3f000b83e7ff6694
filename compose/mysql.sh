#!/bin/sh
# Entry point of mysql-svc: says in words what MySQL itself would only die of, then hands over.
need_mib=320
limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null)
case $limit in
  '' | max) ;;
  *)
    if [ "$limit" -lt $((need_mib * 1024 * 1024)) ]; then
      echo "MYSQL_MEMORY gives MySQL $((limit / 1024 / 1024)) MiB and it needs $need_mib:" \
        "write MYSQL_MEMORY=512m in .env, or take its line out." >&2
      exit 2
    fi
    ;;
esac
exec sh /compose/refuse-empty.sh MYSQL_ROOT_PASSWORD SERVICE_DB_PASSWORD EXPORTER_DB_PASSWORD -- \
  docker-entrypoint.sh "$@"
