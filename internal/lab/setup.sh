#!/usr/bin/env bash
# Brings what the lab needs on Debian and Ubuntu: libvirt, QEMU >= 9, the tools around them, a Go toolchain and a C
# compiler for the race detector, and the kernel that guests boot. Does nothing when all of it is there.
#
#   setup.sh           everything; installs packages when run as root, else names the command to run and fails
#   setup.sh kernel    only the guest's kernel, which needs no privilege
set -euo pipefail

readonly minimum_qemu=9
readonly cache="${XDG_CACHE_HOME:-$HOME/.cache}/terraform-provider-virt"
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/go/bin"

say() { printf '%s\n' "$@" >&2; }
die() { say "$@"; exit 1; }

# qemu_major prints the major version of the installed QEMU, 0 when there is none.
qemu_major() {
	local version
	version=$(qemu-system-x86_64 --version 2>/dev/null | sed -n 's/.*version \([0-9]*\)\..*/\1/p') || true
	printf '%s\n' "${version:-0}"
}

# missing_packages prints the packages that bring what this machine lacks.
missing_packages() {
	local program package
	while read -r program package; do
		command -v "$program" >/dev/null || printf '%s\n' "$package"
	done <<-LIST
		libvirtd libvirt-daemon
		virsh libvirt-clients
		ip iproute2
		unshare util-linux
		mount mount
		hostname hostname
		ssh openssh-client
		sshd openssh-server
		nc netcat-openbsd
		saslpasswd2 sasl2-bin
		dbus-daemon dbus
		dbus-send dbus
		/usr/lib/polkit-1/polkitd polkitd
		go golang-go
		gcc gcc
	LIST
	[ "$(qemu_major)" -ge "$minimum_qemu" ] || printf '%s\n' qemu-system-x86
	[ -e /etc/ssl/certs/ca-certificates.crt ] || printf '%s\n' ca-certificates
	[ -e /usr/lib/x86_64-linux-gnu/libc.a ] || printf '%s\n' libc6-dev
	# Drivers are modules of their own; libvirt-daemon-system brings the directories that libvirtd works in.
	[ -e /var/lib/libvirt/qemu ] || printf '%s\n' libvirt-daemon-system
	[ -e /usr/lib/x86_64-linux-gnu/sasl2/libscram.so ] || printf '%s\n' libsasl2-modules
	[ -e /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so ] ||
		printf '%s\n' libvirt-daemon-driver-qemu
	[ -e /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_secret.so ] ||
		printf '%s\n' libvirt-daemon-driver-secret
	[ "$(id -u)" -eq 0 ] || command -v newuidmap >/dev/null || printf '%s\n' uidmap
}

# mirror_of prints the address that this machine's APT sources, of either format, have for a suite.
mirror_of() {
	{
		find /etc/apt/sources.list.d -name '*.sources' -exec awk -v suite="$1" '
			BEGIN { RS = ""; FS = "\n" }
			{
				uri = ""; found = 0; off = 0
				for (line = 1; line <= NF; line++) {
					count = split($line, words, /[ \t]+/)
					if (words[1] == "URIs:") uri = words[2]
					if (words[1] == "Enabled:" && words[2] == "no") off = 1
					if (words[1] == "Suites:") for (w = 2; w <= count; w++) if (words[w] == suite) found = 1
				}
				if (found && !off && uri != "") print uri
			}' {} +
		find /etc/apt/sources.list /etc/apt/sources.list.d -name '*.list' -exec awk -v suite="$1" '
			$1 == "deb" {
				field = 2
				if ($field ~ /^\[/) { while (field < NF && $field !~ /\]$/) field++; field++ }
				if ($(field + 1) == suite) print $field
			}' {} +
	} 2>/dev/null | sed -n 1p
}

# available_qemu prints the major version of the newest QEMU that the machine's APT sources have.
available_qemu() {
	apt-cache madison qemu-system-x86 2>/dev/null | sed -n 's/^[^|]*|[[:space:]]*\([0-9]*:\)\{0,1\}\([0-9]*\)\..*/\2/p' |
		sort -n | tail -n 1
}

install_packages() {
	local -a options=(--yes --no-install-recommends -o DPkg::Lock::Timeout=300)
	local codename mirror newest policy
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
	export DEBIAN_FRONTEND=noninteractive
	apt-get update
	if [ "$codename" = bookworm ]; then
		if ! apt-cache policy | grep -q bookworm-backports; then
			mirror=$(mirror_of bookworm)
			printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s bookworm-backports main\n' \
				"${mirror:-http://deb.debian.org/debian}" >/etc/apt/sources.list.d/terraform-provider-virt-backports.list
			apt-get update
		fi
		options+=(-t bookworm-backports)
	fi
	newest=$(available_qemu)
	[ "${newest:-0}" -ge "$minimum_qemu" ] || die \
		"QEMU ${newest:-(none)} is the newest that this machine's package sources have; the lab needs $minimum_qemu or newer:" \
		"older ones corrupt an emulated guest that is migrated. Debian 12 with backports, Debian 13 and Ubuntu 25.04 have it."
	# The lab starts daemons of its own, in namespaces of their own: the packages' services need not start.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 0755 "$policy"
		# shellcheck disable=SC2064
		trap "rm -f $policy" EXIT
	fi
	apt-get install "${options[@]}" "$@"
	# A way to log in that nobody asked for must not open on the next boot either.
	case " $* " in *' openssh-server '*) systemctl disable ssh.service ssh.socket 2>/dev/null || true ;; esac
}

# fetch_kernel unpacks the distribution's kernel for virtual machines into the cache.
fetch_kernel() {
	local package='' meta work
	! compgen -G "$cache/vmlinuz-*" >/dev/null || return 0
	for meta in linux-image-cloud-amd64 linux-image-virtual linux-image-amd64; do
		package=$(apt-cache depends "$meta" 2>/dev/null |
			sed -n 's/^[ |]*Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1) || true
		[ -z "$package" ] || break
	done
	[ -n "$package" ] || die "No kernel package found for the guests. Run: apt-get update"
	say "Fetching $package for the lab's guests"
	work=$(mktemp -d)
	(
		trap 'rm -rf "$work"' EXIT
		cd "$work"
		apt-get download --quiet -o APT::Sandbox::User=root "$package" >&2
		dpkg -x ./*.deb unpacked
		mkdir -p "$cache"
		for kernel in unpacked/boot/vmlinuz-*; do
			install -m 0644 "$kernel" "$cache/.${kernel##*/}.$$"
			mv "$cache/.${kernel##*/}.$$" "$cache/${kernel##*/}"
		done
	)
}

main() {
	if [ "${1:-}" != kernel ]; then
		local -a packages
		mapfile -t packages < <(missing_packages)
		if [ "${#packages[@]}" -gt 0 ]; then
			[ "$(id -u)" -eq 0 ] || die "This machine lacks: ${packages[*]}" "Run: sudo $(realpath "$0")"
			say "Installing: ${packages[*]}"
			install_packages "${packages[@]}"
		fi
	fi
	fetch_kernel
}

main "$@"
