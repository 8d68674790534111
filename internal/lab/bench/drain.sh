#!/bin/sh
# What an operator writes to empty a host: each VM goes to the first host that has room for it.
#
#   sh drain.sh SOURCE_URI (DESTINATION_URI PEER_URI MIGRATION_URI)...
set -eu
source=$1
shift

# move VM KIB (DESTINATION_URI PEER_URI MIGRATION_URI)...
move() (
	vm=$1
	needs=$2
	shift 2
	while [ $# -gt 0 ]; do
		free=$(virsh -q -c "$1" nodememstats | awk '$1 == "free" { print $3 }')
		if [ "$free" -gt "$needs" ]; then
			exec virsh -q -c "$source" migrate --live --p2p --persistent --undefinesource --migrateuri "$3" "$vm" "$2"
		fi
		shift 3
	done
	echo "no host has room for $vm" >&2
	exit 1
)

for vm in $(virsh -q -c "$source" list --name); do
	move "$vm" "$(virsh -q -c "$source" dominfo "$vm" | awk '/^Max memory/ { print $3 }')" "$@"
done
