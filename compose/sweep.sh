#!/bin/sh
# sweep.sh FLAGS...: a sweep on this stack's service; its trials stand on the TTL dashboard while it
# runs. Records and report go to /results where that is mounted, else they end with the container.
folder=/tmp
if [ -w /results ]; then folder=/results; fi
for address in $(getent ahostsv4 service | awk '$2 == "STREAM" { print $1 }'); do
  set -- "$@" --service-url "http://$address:8000"
done
exec sh /compose/refuse-empty.sh CONTROL_TOKEN -- \
  python -m loadtests sweep --metrics-host 0.0.0.0 --metrics-port 9647 \
  --output "$folder/sweep-$(date +%Y%m%d-%H%M%S)" "$@"
