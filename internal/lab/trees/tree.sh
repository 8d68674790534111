#!/usr/bin/env bash
# Makes root trees of Debian releases, which hosts of the lab can run from: each release has its own libvirt and QEMU.
#
#   tree.sh make RELEASE...   make the trees that are not there, and make anew those that are broken (as root)
#   tree.sh list              one line for the machine and for each release: libvirt and QEMU, or that there is no tree
#
# Releases are bookworm, trixie and forky, in short Debian 12, 13 and testing. Trees are kept in
# ~/.cache/terraform-provider-virt/trees (XDG_CACHE_HOME moves it), 0.5 GB each. How the machine reaches Debian's archive
# (mirror, proxies) is taken from its APT. A tree is whole when RELEASE/.versions is there, which is written last.
set -Eeuo pipefail

readonly releases=(bookworm trixie forky)
readonly cache="${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-virt/trees"
here=$(dirname "$(realpath "$0")")
readonly here
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# libvirt's drivers are packages of their own since Debian 13; libvirt-daemon-driver-qemu depends on none of them.
readonly packages=libvirt-daemon-system,libvirt-daemon,libvirt-daemon-driver-qemu,libvirt-clients,qemu-system-x86,qemu-utils
readonly drivers=,libvirt-daemon-driver-network,libvirt-daemon-driver-nodedev,libvirt-daemon-driver-nwfilter,libvirt-daemon-driver-secret,libvirt-daemon-driver-storage
# What the lab runs on its hosts beside them.
readonly programs=iproute2,hostname,openssh-server,openssh-client,netcat-openbsd,sasl2-bin,libsasl2-modules,dbus-daemon,polkitd

say() { printf '%s\n' "$@" >&2; }

die() {
	say "$@"
	exit 1
}

work=''
# shellcheck disable=SC2317 # The trap calls it, which ShellCheck 0.9 (Debian 12, Ubuntu 24.04) does not see.
finish() {
	local code=$?
	trap - EXIT
	[ -z "$work" ] || rm -rf --one-file-system "$work"
	exit "$code"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# mirror prints the address that the machine has of Debian's archive.
mirror() {
	local found
	found=$(apt-get indextargets --format "\$(LABEL) \$(REPO_URI)" 'Created-By: Packages' 2>/dev/null |
		sed -n 's|^Debian \(https\{0,1\}://.*\)|\1|p' | sed -n 1p) || true
	printf '%s\n' "${found:-http://deb.debian.org/debian}"
}

# apt_settings prints what this machine's APT has been told of the way to the archive.
apt_settings() {
	apt-config dump --no-empty --format '%f "%v";%n' |
		grep -E '^Acquire::(http|https|Check-Valid-Until|Check-Date|ForceIPv4|ForceIPv6)\b' || true
}

# versions prints what the programs of a tree say of themselves. It fails where one does not run.
versions() {
	local tree="$1" libvirt qemu # "/" is the machine itself
	libvirt=$(chroot "$tree" libvirtd --version 2>&1) || return
	qemu=$(chroot "$tree" qemu-system-x86_64 --version 2>&1) || return
	printf 'libvirt %s, QEMU %s\n' "$(sed -n 's/^.*[ )]\([0-9][0-9.]*\)$/\1/p' <<<"$libvirt")" \
		"$(sed -n 's/.*version \([0-9.]*\).*/\1/p' <<<"$qemu")"
}

# fault prints why a tree cannot be used, and nothing where it can.
fault() {
	local tree="$1" now
	if [ ! -d "$tree" ]; then
		echo 'not there'
	elif [ ! -s "$tree/.versions" ]; then
		echo 'half-built'
	elif ! now=$(versions "$tree"); then
		echo 'broken: libvirtd or QEMU does not run in it'
	elif [ "$now" != "$(cat "$tree/.versions")" ]; then
		echo "broken: it has $now, and had $(cat "$tree/.versions")"
	fi
}

make_tree() {
	local release="$1" tree="$cache/$1" found include="$packages,$programs"
	found=$(fault "$tree")
	if [ -z "$found" ]; then
		return
	fi
	say "==> tree of $release: $found; making it (some minutes)"
	[ "$(id -u)" -eq 0 ] || die "Trees of Debian need root: sudo -E $0 make $release"
	"$here/../setup/setup.sh" tool mmdebstrap
	[ -e "$keyring" ] || die "The keys of Debian's archive are missing. Run: apt-get install debian-archive-keyring"
	[ "$release" = bookworm ] || include+="$drivers"
	mkdir -p "$cache"
	work=$(mktemp -d "$cache/.$release-XXXXXX")
	apt_settings >"$work/apt.conf"
	mmdebstrap --quiet --mode=root --variant=minbase --include="$include" --aptopt="$work/apt.conf" --keyring="$keyring" \
		"$release" "$work/tree" "$(mirror)" >&2
	versions "$work/tree" >"$work/versions" || die "libvirtd or QEMU does not run in the new tree of $release."
	mv "$work/versions" "$work/tree/.versions"
	if [ -d "$tree" ]; then
		mv "$tree" "$work/broken"
	fi
	mv "$work/tree" "$tree"
	rm -rf --one-file-system "$work"
	work=''
	say "==> tree of $release: $(cat "$tree/.versions")"
}

known() {
	local release
	for release in "${releases[@]}"; do
		[ "$release" != "$1" ] || return 0
	done
	die "The lab has no tree of $1; it knows ${releases[*]}."
}

main() {
	local release found
	case "${1:-}" in
	make)
		[ "$#" -gt 1 ] || set -- make "${releases[@]}"
		for release in "${@:2}"; do
			known "$release"
			make_tree "$release"
		done
		;;
	list)
		printf 'machine: %s\n' "$(versions /)"
		for release in "${releases[@]}"; do
			found=$(fault "$cache/$release")
			printf '%s: %s\n' "$release" "${found:-$(cat "$cache/$release/.versions")}"
		done
		;;
	*)
		die "usage: $0 make [RELEASE...] | list"
		;;
	esac
}

main "$@"; exit # in one line: this file may change while it runs
