#!/bin/sh
# Prints the path of the OpenTofu that this module pins, for the tests. Builds it into bin/ at the top of the checkout
# where it is missing or older than the module.
set -eu

module=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
built=$(CDPATH='' cd -- "$module/../../.." && pwd)/bin/tofu

if [ ! -x "$built" ] || [ -n "$(find "$module" -name 'go.*' -newer "$built")" ]; then
	echo "building OpenTofu for the tests (several minutes the first time)" >&2
	mkdir -p "$(dirname "$built")"
	go -C "$module" build -trimpath \
		-ldflags '-s -w -X github.com/opentofu/opentofu/version.dev=no' \
		-o "$built.new" github.com/opentofu/opentofu/cmd/tofu >&2
	mv "$built.new" "$built"
fi
echo "$built"
