#!/bin/sh
# Reboots a host, and waits until its libvirt answers after that: at most 15 minutes.
set -eu
host=$1
boot() { ssh -o ConnectTimeout=5 "root@$host" cat /proc/sys/kernel/random/boot_id; }
before=$(boot)
ssh "root@$host" systemctl reboot || true
tries=0
until now=$(boot 2>/dev/null) && [ "$now" != "$before" ] && ssh "root@$host" virsh uri >/dev/null 2>&1; do
  tries=$((tries + 1))
  if [ "$tries" -ge 90 ]; then
    echo "$host is not back" >&2
    exit 1
  fi
  sleep 10
done
