#!/bin/sh
# locust.sh ARGUMENTS...: starts Locust against every replica of the service, so that it can sum the
# counters of all replicas; starts it as a master if there are Locust workers.
set -- locust --locustfile loadtests/locustfile.py "$@"
replicas=$(getent ahostsv4 service | awk '$2 == "STREAM" { print $1 }')
if [ "$(echo "$replicas" | wc -l)" -gt 1 ]; then
  for address in $replicas; do set -- "$@" --service-url "http://$address:8000"; done
else
  # Use the name, which stays valid when the container restarts.
  set -- "$@" --service-url http://service:8000
fi
case " $* " in
  *" --worker "* | *" --headless "*) ;;
  *) if getent ahostsv4 locust-worker >/dev/null; then set -- "$@" --master; fi ;;
esac
exec sh /compose/refuse-empty.sh CONTROL_TOKEN -- "$@"
