#!/bin/sh
# Plans in the current directory and prints what differs, one line each: ADDRESS, COPY or FIELD, HOW.
#
#   exit code 0  hosts and VMs are as declared
#             1  the plan failed, for example because a host does not answer
#             2  something differs
#             3  nothing differs on the hosts that answered, and a host did not answer (unreachable_hosts = "warn")
#
# It needs jq, and changes nothing. TF_CLI is the command, terraform if it is not set; tofu works, too.
set -eu

cli=${TF_CLI:-terraform}
plan=$(mktemp)
trap 'rm -f "$plan"' EXIT

code=0
"$cli" plan -input=false -lock=false -no-color -detailed-exitcode -out="$plan" >&2 || code=$?
[ "$code" -ne 1 ] || exit 1

lines=$("$cli" show -json "$plan" | jq -r '
	def shown: if . == null then "not set" else tojson end;

	.resource_changes[]
	| select(.mode == "managed" and (.type | startswith("virt_")))
	| .address as $address
	| (.change.before // {}) as $found
	| (.change.after // {}) as $declared
	| if .change.actions == ["create"] then
	    "\($address)\t-\tis on no host"
	  elif .change.actions == ["no-op"] then
	    empty
	  elif ($found.drift // {}) != {} then
	    $found.drift | to_entries[] | "\($address)\t\(.key)\t\(.value)"
	  else
	    ($found + $declared | keys[] | select(IN("drift", "owner", "source", "policy_digest") | not))
	    | select(in($declared) and $found[.] != $declared[.])
	    | "\($address)\t\(.)\tis \($found[.] | shown), declared \($declared[.] | shown)"
	  end,
	  (($found.unseen_hosts // [])[] | "\($address)\t\(.)\tnot seen")')

[ -z "$lines" ] || printf '%s\n' "$lines"
if [ "$code" -eq 0 ] && [ -n "$lines" ]; then
	exit 3
fi
exit "$code"
