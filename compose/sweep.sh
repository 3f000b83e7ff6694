#!/bin/sh
# sweep.sh FLAGS...: runs a sweep on the service of this stack; the TTL dashboard shows its trials
# meanwhile. Records and report go to /results if that is mounted; otherwise they are lost with the
# container.
folder=/tmp
if [ -w /results ]; then folder=/results; fi
for address in $(getent ahostsv4 service | awk '$2 == "STREAM" { print $1 }'); do
  set -- "$@" --service-url "http://$address:8000"
done
exec sh /compose/refuse-empty.sh CONTROL_TOKEN -- \
  python -m loadtests sweep --metrics-host 0.0.0.0 --metrics-port 9647 \
  --output "$folder/sweep-$(date +%Y%m%d-%H%M%S)" "$@"
