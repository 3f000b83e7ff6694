#!/bin/bash
# answers.sh PORT PATH: health check. It runs every few seconds beside a measurement and takes 3 ms
# of CPU; Python with urllib would take 80 ms.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
read -r -t 4 _ status _ <&3
[[ $status == 200 ]]
