#!/bin/sh
# Prints the directory of dmacvicar's provider for libvirt, as this module pins it, for the tests of two providers that
# manage one VM. Builds it into bin/dmacvicar-libvirt at the top of the checkout where it is missing or older than the
# module.
set -eu

module=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
directory=$(CDPATH='' cd -- "$module/../../.." && pwd)/bin/dmacvicar-libvirt
built=$directory/terraform-provider-libvirt

if [ ! -x "$built" ] || [ -n "$(find "$module" -name 'go.*' -newer "$built")" ]; then
	echo "building dmacvicar's provider for libvirt (some minutes the first time)" >&2
	mkdir -p "$directory"
	go -C "$module" build -trimpath -o "$built.new" github.com/dmacvicar/terraform-provider-libvirt >&2
	mv "$built.new" "$built"
fi
echo "$directory"
