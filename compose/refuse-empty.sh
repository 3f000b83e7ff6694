#!/bin/sh
# refuse-empty.sh NAME... -- COMMAND...
# Starts COMMAND, unless one of the named settings is empty: an empty secret must not silently
# turn off access control.
while [ "$1" != -- ]; do
  eval "value=\${$1-}"
  if [ -z "$value" ]; then
    echo "$1 is set but empty: write a value in .env, or remove its line to use the default." >&2
    exit 2
  fi
  shift
done
shift
exec "$@"
