#!/usr/bin/env bash
# Run tests on hosts of the lab: test.sh [FLAG OF GO TEST...] -- PACKAGE...
#
# A test that fails is tried once more, and is named at the end also when it passes then (docs/adr/035). Nothing is
# tried again where more than five failed, or a data race or a panic was seen, nor in the packages of $once: they
# count VMs that are lost or doubled, and one is too many.
set -euo pipefail

once='/lab/(faults|soak)(/|$)'

flags=()
while [ "$1" != -- ]; do
	flags+=("$1")
	shift
done
shift

# -count=1: what these tests find out depends on the machine, so a cached pass
# says nothing. -p 2: every package that needs hosts starts a lab of its own, and two
# of them, which wait more than they compute, share two processors well.
flags=(-tags lab -race -count=1 -p 2 -timeout 30m "${flags[@]}")

packages=$(go list "$@")
if counted=$(grep -E "$once" <<<"$packages"); then
	# shellcheck disable=SC2086 # each package is a word
	go test "${flags[@]}" $counted
fi
if others=$(grep -vE "$once" <<<"$packages"); then
	report=$(mktemp)
	trap 'rm -f "$report"' EXIT
	go tool -modfile=internal/tools/gotestsum/go.mod gotestsum --format standard-quiet --hide-summary skipped \
		--rerun-fails=1 --rerun-fails-max-failures=5 --rerun-fails-abort-on-data-race --rerun-fails-report "$report" \
		--packages "$(tr '\n' ' ' <<<"$others")" -- "${flags[@]}"
	if [ -s "$report" ]; then
		echo "==> failed once and passed when tried again; each is a fault, of the test or of the product:"
		cat "$report"
	fi
fi
