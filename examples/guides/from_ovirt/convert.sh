#!/bin/sh
# Prints virt.tf.json from what oVirt's engine says, read from files in a directory: hosts.json, clusters.json and vms.json of
# its REST API, and engine-config.txt, which may be missing. It needs jq, and asks and changes nothing.
#
#   convert.sh DIRECTORY >virt.tf.json
set -eu

directory=$1
config=$directory/engine-config.txt
[ -f "$config" ] || config=/dev/null

jq -n \
	--rawfile config "$config" \
	--slurpfile hosts "$directory/hosts.json" \
	--slurpfile clusters "$directory/clusters.json" \
	--slurpfile vms "$directory/vms.json" '
	# A name as Terraform wants it of labels and of resources.
	def identifier: gsub("[^A-Za-z0-9_-]"; "_") | if test("^[0-9-]") then "_" + . else . end;
	# true, false, or null where oVirt inherits.
	def switch: if . == "true" then true elif . == "false" then false else null end;
	def positive: if . == null then null else tonumber | if . > 0 then . else null end end;
	def entries: if (map(.key) | unique | length) == length then from_entries
	  else error("two names come to one label: " + (map(.key) | group_by(.) | map(select(length > 1)[0]) | join(", "))) end;
	def fields: with_entries(select(.value != null));

	# A named policy takes the place of the two switches and of the downtime: the engine itself overwrites them with it.
	def named: {
	  "80554327-0569-496b-bdeb-fcbbf52b827b": {preset: "minimal_downtime", compression: false},
	  "80554327-0569-496b-bdeb-fcbbf52b827c": {preset: "suspend_if_needed"},
	  "a7aeedb2-8d66-4e51-bb22-32595027ce71": {preset: "post_copy", compression: false},
	  "57237b82-b8c2-425f-b425-114b35219626": {preset: "very_large", compression: false}
	}[. // ""];

	# Where a field of the same level contradicts the preset, as in QEMU itself: all but what it contradicts.
	def written_out($schedule): del(.preset)
	  + {auto_converge: true, compression: false, downtime_schedule_ms: $schedule, max_downtime_ms: $schedule[-1]};
	def spelled:
	  if .preset == "suspend_if_needed" and (.parallel_connections // 0) > 0 then
	    written_out([100, 150, 200, 300, 400, 500, 5000]) # no XBZRLE over parallel connections
	  elif .preset == "very_large" and (.encryption == true or .parallel_connections == 0) then
	    written_out([300, 400, 500, 700, 1000, 1500, 5000]) # no zero-copy with encryption, or over one connection
	  else . end;

	def policy:
	  (.migration // {}) as $m
	  | {
	      auto_converge: ($m.auto_converge | switch),
	      compression: ($m.compressed | switch),
	      encryption: ($m.encrypted | switch),
	      max_downtime_ms: (.migration_downtime | positive),
	      bandwidth_mib_per_second: (if $m.bandwidth.assignment_method == "custom" then
	        $m.bandwidth.custom_value | tonumber / 8 | floor | if . < 1 then 1 else . end else null end),
	      parallel_connections: (if $m.parallel_migrations_policy == "custom" then $m.custom_parallel_migrations | tonumber
	        elif $m.parallel_migrations_policy == "disabled" then 0 else null end)
	    }
	  | ($m.policy.id | named) as $named
	  | if $named then del(.auto_converge, .compression, .max_downtime_ms) + $named | spelled else . end
	  # QEMU has no XBZRLE over parallel connections.
	  | if (.parallel_connections // 0) > 0 and .compression == true then .compression = false else . end
	  | fields;

	# Lines such as "DefaultAutoConvergence: true version: general".
	def engine($key): $config | split("\n")[] | capture("^" + $key + ": (?<value>\\S+)").value;

	{
	  terraform: {required_providers: {virt: {source: "terraform-provider-virt/virt", version: "~> 0.1"}}},
	  provider: {virt: {hosts: ([$hosts[0].host[]
	    | {key: (.name | identifier), value: {uri: "qemu+ssh://root@\(.address)/system"}}] | entries)}},
	  resource: {
	    virt_migration_global_settings: {all: {
	      auto_converge: ((first(engine("DefaultAutoConvergence")) // "false") | switch),
	      compression: ((first(engine("DefaultMigrationCompression")) // "false") | switch),
	      max_downtime_ms: (first(engine("DefaultMaximumMigrationDowntime")) // null | positive)
	    } | fields},
	    virt_cluster_migration_policy: ([$clusters[0].cluster[]
	      | . as $cluster
	      | [$hosts[0].host[] | select(.cluster.id == $cluster.id) | .name | identifier] as $members
	      | select($members != [])
	      | {key: (.name | identifier), value: ({name, hosts: $members} + policy)}] | entries),
	    virt_vm_migration_policy: ([$vms[0].vm[]
	      | policy as $policy
	      | select($policy != {})
	      | {key: (.name | identifier), value: ({vm: .id} + $policy)}] | entries)
	  } | with_entries(select(.value != {}))
	}'
