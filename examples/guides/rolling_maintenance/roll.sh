#!/bin/sh
# Maintains hosts in turn: ./roll.sh kvm1 kvm2 kvm3. It ends at the first failure, with every VM where Terraform has
# said that it is. Mend that, and go on from that host on: ./roll.sh kvm2 kvm3. Never begin with an earlier host: that
# would open the one that failed.
set -eu
for host; do
  echo "== $host"
  terraform apply -input=false -auto-approve -var maintained="$host"
  terraform apply -input=false -auto-approve
done
