#!/bin/sh
# refuse-empty.sh NAME... -- COMMAND...
# Starts COMMAND, unless one of the settings named is empty: a secret that somebody set to nothing
# must not quietly become an open door.
while [ "$1" != -- ]; do
  eval "value=\${$1-}"
  if [ -z "$value" ]; then
    echo "$1 is set but empty: write a value in .env, or take its line out to get the lab's default." >&2
    exit 2
  fi
  shift
done
shift
exec "$@"
