#!/usr/bin/env bash
# Tries the set-up, the demo and the tests where nothing was set up before: in minimal trees of Debian, as root.
#
#   fresh.sh                     make setup, demo and test on Debian 12 and on Debian 13; the table goes to bin/fresh.md
#   fresh.sh short               make setup on Debian 12, and one move of a guest
#   fresh.sh in RELEASE COMMAND  one shell command in the checkout on a fresh tree of bookworm or trixie
#
# A tree has what today's images of Debian have: APT with sources in deb822 form only, and beyond that make and
# ca-certificates. It is a root directory of its own, in namespaces of its own, and shares the machine's network. It
# holds a copy of the checkout's files, committed or not. How the machine reaches the archive and the Go module proxy
# (mirror, proxies, certificates, host names) is passed on, nothing else.
#
# Trees are kept, as they were before their first use, in ~/.cache/terraform-provider-virt (XDG_CACHE_HOME moves it).
# FRESH_RESULTS names another file for the table. fresh.sh short may fetch Go modules from the machine's own cache.
set -Eeuo pipefail

readonly cache="${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-virt/fresh"
checkout=$(realpath "$(dirname "$0")/../../..")
readonly checkout
readonly results="${FRESH_RESULTS:-$checkout/bin/fresh.md}"
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# The checkout in the tree.
readonly inside=/root/terraform-provider-virt
# What is passed on of the environment.
readonly -a passed=(http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY)
readonly -a passed_go=(GOPROXY GOSUMDB GONOSUMDB GONOPROXY GOPRIVATE GOINSECURE)

say() { printf '%s\n' "$@" >&2; }

step='starting'
step() {
	step="$1"
	say "==> $step"
}

work=''
# shellcheck disable=SC2317 # The trap calls it, which ShellCheck 0.9 (Debian 12, Ubuntu 24.04) does not see.
finish() {
	local code=$?
	trap - EXIT
	[ "$code" -eq 0 ] || say "Failed while $step (exit code $code)."
	[ -z "$work" ] || rm -rf --one-file-system "$work"
	exit "$code"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

die() {
	say "$@"
	exit 1
}

# mirror prints the address that the machine has of Debian's archive, or of its security updates.
mirror() {
	local label="$1" default="$2" found
	found=$(apt-get indextargets --format "\$(LABEL) \$(REPO_URI)" 'Created-By: Packages' 2>/dev/null |
		sed -n "s|^$label \(https\{0,1\}://.*\)|\1|p" | sed -n 1p) || true
	printf '%s\n' "${found:-$default}"
}

# sources prints what today's images have in /etc/apt/sources.list.d/debian.sources.
sources() {
	local release="$1"
	cat <<-SOURCES
		Types: deb
		URIs: $(mirror Debian http://deb.debian.org/debian)
		Suites: $release $release-updates
		Components: main
		Signed-By: $keyring

		Types: deb
		URIs: $(mirror Debian-Security http://deb.debian.org/debian-security)
		Suites: $release-security
		Components: main
		Signed-By: $keyring
	SOURCES
}

# make_tree leaves a tree of a release in the cache, as an archive.
make_tree() {
	local release="$1" archive="$2"
	step "making a tree of $release"
	"$checkout/internal/lab/setup/setup.sh" tool mmdebstrap
	[ -e "$keyring" ] || die "The keys of Debian's archive are missing. Run: apt-get install debian-archive-keyring"
	mkdir -p "$cache"
	sources "$release" >"$work/debian.sources"
	apt_settings >"$work/apt.conf"
	# shellcheck disable=SC2016 # mmdebstrap's hooks get the tree as $1.
	mmdebstrap --quiet --mode=root --variant=minbase --include=make,ca-certificates --aptopt="$work/apt.conf" \
		--customize-hook='rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/apt.conf.d/99mmdebstrap' \
		--customize-hook="install -m 0644 '$work/debian.sources' \"\$1\"/etc/apt/sources.list.d/debian.sources" \
		"$release" "$archive.new.tar" "$work/debian.sources" >&2
	mv "$archive.new.tar" "$archive"
}

# apt_settings prints what this machine's APT has been told of the way to the archive.
apt_settings() {
	apt-config dump --no-empty --format '%f "%v";%n' |
		grep -E '^Acquire::(http|https|Check-Valid-Until|Check-Date|ForceIPv4|ForceIPv6)\b' || true
}

# unpack_tree makes a tree of a release, up to date, with the checkout's files in it.
unpack_tree() {
	local release="$1" tree="$2" archive certificate
	archive="$cache/$release.tar"
	if [ -z "$(find "$archive" -mtime -30 2>/dev/null)" ]; then
		make_tree "$release" "$archive"
	fi
	step "unpacking a tree of $release"
	mkdir "$tree"
	tar -C "$tree" -xf "$archive"
	apt_settings >"$tree/etc/apt/apt.conf.d/90machine"
	cp -L /etc/resolv.conf /etc/hosts "$tree/etc/"
	mkdir -p "$tree/usr/local/share/ca-certificates"
	for certificate in /usr/local/share/ca-certificates/*.crt; do
		[ ! -e "$certificate" ] || cp -L "$certificate" "$tree/usr/local/share/ca-certificates/"
	done
	mkdir "$tree$inside"
	(
		cd "$checkout"
		git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
			[ ! -e "$file" ] || printf '%s\0' "$file"
		done | tar --null --files-from=- -cf - | tar -C "$tree$inside" --no-same-owner -xf -
	)
	# An image is of some day, and its machine takes updates; its package lists are not there until somebody asks for them.
	enter "$tree" 'update-ca-certificates >/dev/null 2>&1; apt-get -q update >/dev/null &&
		DEBIAN_FRONTEND=noninteractive apt-get -qy upgrade >/dev/null && apt-get clean && rm -rf /var/lib/apt/lists/*'
}

# enter runs a shell command in a tree, in the copy of the checkout, with namespaces and an environment of its own.
enter() {
	local tree="$1" command="$2" name
	local -a environment=(HOME=/root USER=root LANG=C.UTF-8 TERM="${TERM:-dumb}"
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
	for name in "${passed[@]}"; do
		[ -z "${!name:-}" ] || environment+=("$name=${!name}")
	done
	for name in "${passed_go[@]}"; do
		environment+=("$name=$(go_setting "$name")")
	done
	# Of the machine's root directory nothing is left; what is mounted is gone with the namespace.
	# shellcheck disable=SC2016 # The inner shell expands these.
	unshare --mount --pid --uts --ipc --fork --kill-child --propagation private bash -euc '
		tree="$1" command="$2" inside="$3" modules="$4"
		shift 4
		mount --bind "$tree" "$tree"
		mount -t proc proc "$tree/proc"
		mount --rbind /sys "$tree/sys"
		mount --rbind /dev "$tree/dev"
		mount -t tmpfs shm "$tree/dev/shm"
		mount -t tmpfs -o mode=0755 run "$tree/run"
		mkdir "$tree/run/lock"
		if [ -n "$modules" ]; then
			mkdir -p "$tree/mnt/modules"
			mount --bind -o ro "$modules" "$tree/mnt/modules"
		fi
		hostname fresh
		cd "$tree"
		mkdir -p .machine
		pivot_root . .machine
		umount -l /.machine
		rmdir /.machine
		cd "$inside"
		exec env -i "$@" bash -euc "$command"
	' enter "$tree" "$command" "$inside" "$modules" "${environment[@]}"
}

# modules is a directory of Go modules that a tree may fetch from, of the machine's cache.
modules=''

# go_setting prints one of Go's settings on this machine, by its environment where it has no Go.
go_setting() {
	local value="${!1:-}"
	if command -v go >/dev/null; then
		value=$(cd / && go env "$1")
	fi
	if [ "$1" = GOPROXY ] && [ -n "$modules" ]; then
		value="file:///mnt/modules,$value"
	fi
	printf '%s\n' "$value"
}

# share_modules lets trees fetch Go modules from this machine's cache, where it has one.
share_modules() {
	command -v go >/dev/null || return 0
	modules=$(go env GOMODCACHE)/cache/download
	[ -d "$modules" ] || modules=''
}

# packages prints the packages that a tree has, with their versions.
packages() { enter "$1" "dpkg-query -W -f '\${Package}:\${Architecture} \${Version}\n'" | sort; }

# timed runs a make target in a tree, keeps what it prints in a file and the seconds it took in $took.
timed() {
	local tree="$1" target="$2" log="$3" started=$SECONDS
	enter "$tree" "make $target" 2>&1 | tee "$log"
	took=$((SECONDS - started))
}

# set_up sets a tree up as make setup does, and fails when that has changed what was installed before.
# It leaves $took, and in $changes the words for it.
set_up() {
	local release="$1" tree="$2" changed
	packages "$tree" >"$work/before"
	step "make setup on $release"
	timed "$tree" setup "$work/setup.log"
	packages "$tree" >"$work/after"
	changed=$(comm -23 "$work/before" "$work/after")
	[ -z "$changed" ] || die "The set-up changed or removed what was installed before:" "$changed"
	changes="$(comm -13 "$work/before" "$work/after" | wc -l) new, 0 changed"
	say "$release: set up in $took s, packages: $changes"
}

# versions prints what a tree that is set up works with.
# shellcheck disable=SC2016 # The tree's shell expands these.
versions() {
	enter "$1" '
		. /etc/os-release
		printf "%s; libvirt %s, QEMU %s, %s, " "$PRETTY_NAME" "$(libvirtd --version | sed "s/.* //")" \
			"$(qemu-system-x86_64 --version | sed -n "s/.*version \([0-9.]*\).*/\1/p")" \
			"$(ssh -V 2>&1 | sed "s/[ ,].*//; s/_/ /")"
		go version | sed "s/go version go\([0-9.]*\).*/Go \1/"'
}

# whole tries one release and appends what was found to the results.
whole() {
	local release="$1" tree="$work/$1" times
	unpack_tree "$release" "$tree"
	set_up "$release" "$tree"
	times="| make setup | $took s | packages: $changes |"
	step "make demo on $release"
	timed "$tree" demo "$work/demo.log"
	times+=$'\n'"| make demo | $took s | built what it needs first |"
	step "make test on $release"
	timed "$tree" test "$work/test.log"
	times+=$'\n'"| make test | $took s | $(grep -c '^ok ' "$work/test.log") packages ok |"
	{
		printf '## %s\n\n%s\n\n| step | took | |\n|---|---|---|\n%s\n\nThe demo'\''s table:\n\n```\n' \
			"$release" "$(versions "$tree")" "$times"
		sed -n '/^step .*auto_converge/,/^$/p' "$work/demo.log"
		printf '```\n\n'
	} >>"$work/results.md"
	rm -rf --one-file-system "$tree"
}

main() {
	local tree
	[ "$(id -u)" -eq 0 ] || die "Trees of Debian need root: sudo -E $(realpath "$0") $*"
	work=$(mktemp -d "${TMPDIR:-/var/tmp}/fresh-XXXXXX")
	tree="$work/tree"
	case "${1:-}" in
	'')
		printf '# %s\n\nCommit %s, %s processors.\n\n' 'Set-up, demo and tests on fresh machines' \
			"$(git -C "$checkout" describe --always --dirty)" "$(nproc)" >"$work/results.md"
		whole bookworm
		whole trixie
		mkdir -p "$(dirname "$results")"
		cp "$work/results.md" "$results"
		cat "$results"
		;;
	short)
		share_modules
		unpack_tree bookworm "$tree"
		set_up bookworm "$tree"
		step 'moving a guest on bookworm'
		enter "$tree" "go test -tags lab -race -count=1 -v -run '^TestGuestBeatsOnAcrossAMigration\$' ./internal/lab"
		;;
	in)
		[ "$#" -eq 3 ] || die "usage: $0 in RELEASE COMMAND"
		unpack_tree "$2" "$tree"
		step "$3 on $2"
		enter "$tree" "$3"
		;;
	*)
		die "usage: $0 [short | in RELEASE COMMAND]"
		;;
	esac
}

main "$@"; exit # in one line: this file may change while it runs
