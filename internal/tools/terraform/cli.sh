#!/bin/sh
# Prints the path of the Terraform CLI that the tests and the demo use: the
# machine's own if it knows actions, else the one this module pins, built into
# bin/ at the top of the checkout when it is missing or older than the module.
#
#   cli.sh            the machine's `terraform` if it is 1.14 or newer, else the built one
#   cli.sh --built    the built one, whatever the machine has
#   cli.sh --machine  the machine's `terraform`; fails when there is none
#
# TF_ACC_TERRAFORM_PATH, when set, is the answer of the plain form.
set -eu

# Actions, and with them `terraform apply -invoke`, came with 1.14.
first_with_actions=1.14.0

module=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
built=$(CDPATH='' cd -- "$module/../../.." && pwd)/bin/terraform

# machine prints the path of the terraform on PATH.
machine() {
	command -v terraform
}

# has_actions tells whether the CLI at $1 is a release that knows actions. The
# output of `version` may hold warnings too, so only one line of it is read.
has_actions() {
	version=$(CHECKPOINT_DISABLE=1 "$1" version 2>/dev/null | sed -n 's/^Terraform v\([0-9.]*\)$/\1/p')
	[ -n "$version" ] &&
		[ "$(printf '%s\n' "$first_with_actions" "$version" | sort -V | head -n 1)" = "$first_with_actions" ]
}

# build leaves a current CLI at $built. The file is moved into place, so that
# an interrupted build leaves nothing that looks finished.
build() {
	if [ -x "$built" ] && [ -z "$(find "$module" -name 'go.*' -newer "$built" -o -name '*.go' -newer "$built")" ]; then
		return
	fi
	echo "building the Terraform CLI for the tests (two minutes the first time)" >&2
	mkdir -p "$(dirname "$built")"
	go -C "$module" build -trimpath \
		-ldflags '-s -w -X github.com/hashicorp/terraform/version.dev=no' \
		-o "$built.new" github.com/hashicorp/terraform >&2
	mv "$built.new" "$built"
}

case ${1-} in
"")
	if [ -n "${TF_ACC_TERRAFORM_PATH-}" ]; then
		echo "$TF_ACC_TERRAFORM_PATH"
	elif own=$(machine) && has_actions "$own"; then
		echo "$own"
	else
		build
		echo "$built"
	fi
	;;
--built)
	build
	echo "$built"
	;;
--machine)
	machine
	;;
*)
	echo "usage: $0 [--built | --machine]" >&2
	exit 2
	;;
esac
