#!/bin/sh
# Entry point of mysql-svc: starts MySQL, or refuses too little memory with a message, since MySQL
# would be killed without one.
mib() { # SIZE in bytes, or with K, M or G as MySQL reads them; prints MiB
  case $1 in
    *[Kk]) echo $((${1%?} / 1024)) ;;
    *[Mm]) echo "${1%?}" ;;
    *[Gg]) echo $((${1%?} * 1024)) ;;
    *) echo $(($1 / 1024 / 1024)) ;;
  esac
}
for word; do
  case $word in --innodb-buffer-pool-size=*) pool_mib=$(mib "${word#*=}") ;; esac
done
# The server itself needs about 256 MiB besides its pool.
need_mib=$((pool_mib + 256))
limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null)
case $limit in
  '' | max) ;;
  *)
    if [ "$limit" -lt $((need_mib * 1024 * 1024)) ]; then
      echo "MYSQL_MEMORY gives MySQL $((limit / 1024 / 1024)) MiB and it needs $need_mib," \
        "$pool_mib of them for MYSQL_BUFFER_POOL: write MYSQL_MEMORY=$((need_mib + 192))m in .env," \
        "or remove its line." >&2
      exit 2
    fi
    ;;
esac
exec sh /compose/refuse-empty.sh MYSQL_ROOT_PASSWORD SERVICE_DB_PASSWORD EXPORTER_DB_PASSWORD -- \
  docker-entrypoint.sh "$@"
