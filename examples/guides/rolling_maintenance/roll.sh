#!/bin/sh
# Maintains hosts in turn: ./roll.sh kvm1 kvm2 kvm3. It ends at the first failure, with that host cordoned and every
# VM where Terraform has said that it is; the same command goes on with the hosts that are left.
set -eu
for host; do
  echo "== $host"
  terraform apply -input=false -auto-approve -var maintained="$host"
  terraform apply -input=false -auto-approve
done
