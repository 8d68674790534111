#!/usr/bin/env bash
# Brings what the lab needs on Debian and Ubuntu: libvirt, QEMU >= 9, the tools around them, a Go toolchain and a C
# compiler for the race detector, and the kernel that guests boot. Does nothing when all of it is there.
#
#   setup.sh              everything; installs packages when run as root, else names the command to run and fails
#   setup.sh kernel       only the guest's kernel, which needs no privilege
#   setup.sh missing      prints what the lab lacks, each with its package; changes nothing
#   setup.sh tool NAME... only these programs, each from the package of its name
#
# No package that is installed is removed or taken to another release. On Debian 12, QEMU, libvirt and SeaBIOS are too old
# and come from its backports, where they are not installed yet. What will change is said before it is done.
#
# What it writes, beside packages and APT's own lists and archives:
#
#   /etc/apt/sources.list.d/terraform-provider-virt-backports.sources
#                         Debian 12 without backports only; stays, so that their updates come; removed when the set-up fails
#   /usr/sbin/policy-rc.d while packages are installed, so that their services do not start; one that is there is kept
#   ~/.cache/terraform-provider-virt/vmlinuz-*
#                         the guest's kernel (XDG_CACHE_HOME moves it)
#
# Where it installs openssh-server it disables ssh.service and ssh.socket.
set -Eeuo pipefail

readonly minimum_qemu=9
# Older ones cannot fetch the toolchain that go.mod names.
readonly minimum_go=1.21
# Tests give a machine to look at, in a directory.
readonly root="${VIRT_SETUP_ROOT:-}"
cache="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/terraform-provider-virt"
readonly cache
readonly backports_source="$root/etc/apt/sources.list.d/terraform-provider-virt-backports.sources"
readonly policy="$root/usr/sbin/policy-rc.d"
readonly emulator=/usr/bin/qemu-system-x86_64
readonly libraries=/usr/lib/x86_64-linux-gnu
readonly drivers="$libraries/libvirt/connection-driver"
PATH="$PATH:$root/usr/local/sbin:$root/usr/sbin:$root/sbin:$root/usr/local/go/bin"

say() { printf '%s\n' "$@" >&2; }

# step names what is done from here on, for the word that is said when it fails.
step='looking at this machine'
step() { step="$1"; }

said=''
die() {
	said=yes
	say "Set-up failed while $step." "$@"
	exit 1
}

# What is undone however the script ends.
work='' added_policy='' added_source=''
failed_command=''
finish() {
	local code=$?
	trap - ERR EXIT
	if [ "$code" -ne 0 ] && [ -z "$said" ]; then
		say "Set-up failed while $step: exit code $code${failed_command:+ of: $failed_command}" \
			"What it said is above. Mend that, and run again: $0${arguments:+ $arguments}"
	fi
	[ -z "$added_policy" ] || rm -f "$policy"
	if [ -n "$added_source" ]; then
		rm -f "$backports_source"
		say "Removed $backports_source again."
	fi
	[ -z "$work" ] || rm -rf "$work"
	exit "$code"
}
arguments="$*"
trap 'failed_command=$BASH_COMMAND' ERR
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# release prints a field of the machine's os-release.
release() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" "$root/etc/os-release"; }

# qemu_major prints the major version of the installed QEMU, 0 when there is none.
qemu_major() {
	local version
	version=$("$root$emulator" --version 2>/dev/null | sed -n 's/.*version \([0-9]*\)\..*/\1/p') || true
	printf '%s\n' "${version:-0}"
}

# go_version prints the version of the installed Go, nothing when there is none.
go_version() {
	command -v go >/dev/null || return 0
	# Elsewhere than in the module, whose go.mod may ask for another one.
	(cd / && GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//')
}

at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# lab_needs lists what the lab runs on: programs by their name, other files by their path, each with its package. Drivers
# are modules of their own, as of a usual host. libvirt-daemon-system, which would make the machine a host with a network
# and a firewall of libvirt's, is not needed.
lab_needs() {
	cat <<-LIST
		libvirtd libvirt-daemon
		virt-ssh-helper libvirt-daemon
		virsh libvirt-clients
		$drivers/libvirt_driver_network.so libvirt-daemon-driver-network
		$drivers/libvirt_driver_nodedev.so libvirt-daemon-driver-nodedev
		$drivers/libvirt_driver_nwfilter.so libvirt-daemon-driver-nwfilter
		$drivers/libvirt_driver_qemu.so libvirt-daemon-driver-qemu
		$drivers/libvirt_driver_secret.so libvirt-daemon-driver-secret
		$drivers/libvirt_driver_storage.so libvirt-daemon-driver-storage
		$emulator qemu-system-x86
		qemu-img qemu-utils
		/usr/share/OVMF/OVMF_CODE_4M.fd ovmf
		swtpm swtpm
		swtpm_setup swtpm-tools
		genisoimage genisoimage
		jq jq
		ip iproute2
		tc iproute2
		nft nftables
		unshare util-linux
		nsenter util-linux
		setsid util-linux
		mount mount
		hostname hostname
		sysctl procps
		ssh openssh-client
		ssh-keygen openssh-client
		/usr/sbin/sshd openssh-server
		nc netcat-openbsd
		saslpasswd2 sasl2-bin
		$libraries/sasl2/libscram.so libsasl2-modules
		dbus-daemon dbus
		dbus-send dbus
		/usr/lib/polkit-1/polkitd polkitd
	LIST
}

# build_needs lists what builds the provider and its tests, in the same form.
build_needs() {
	cat <<-LIST
		go golang-go
		gcc gcc
		$libraries/libc.a libc6-dev
		/etc/ssl/certs/ca-certificates.crt ca-certificates
	LIST
}

# lacking prints those lines of a list that name what this machine lacks.
lacking() {
	local need package
	while read -r need package; do
		case "$need" in
		/*) [ -e "$root$need" ] ;;
		*) command -v "$need" >/dev/null ;;
		esac || printf '%s %s\n' "$need" "$package"
	done
}

# missing_packages prints the packages that bring what this machine lacks.
missing_packages() {
	{
		lab_needs
		build_needs
	} | lacking | sed 's/.* //'
	[ "$(qemu_major)" -ge "$minimum_qemu" ] || printf '%s\n' qemu-system-x86
	# Who has no privilege, and asks root to run this, needs subordinate IDs.
	if [ "$(id -u)" -ne 0 ] || [ "${SUDO_UID:-0}" -ne 0 ]; then
		command -v newuidmap >/dev/null || printf '%s\n' uidmap
	fi
}

# stanza prints this machine's source of a release of Debian, of either format, as a stanza for another suite: the same
# mirrors, signed by the same key. Some machines name their release by what it is: stable, oldstable. Other archives have
# suites of these names, too: APT knows which are Debian's.
stanza() {
	local debian
	local -a files
	debian=$(apt-get indextargets --format "\$(LABEL) \$(REPO_URI)" 'Created-By: Packages' |
		sed -n 's/^Debian //p' | sort -u | tr '\n' ' ')
	shopt -s nullglob
	files=("$root"/etc/apt/sources.list "$root"/etc/apt/sources.list.d/*.list "$root"/etc/apt/sources.list.d/*.sources)
	shopt -u nullglob
	[ -e "${files[0]}" ] || files=("${files[@]:1}")
	[ "${#files[@]}" -gt 0 ] || return 0
	awk -v release="$1" -v suite="$2" -v debian="$debian" '
		BEGIN {
			count = split(debian, words, " ")
			for (i = 1; i <= count; i++) archive[words[i]]
		}
		# use keeps the first source of the release, without the media that are not in the drive.
		function use(uris, suites, key,    count, words, i, kept, found, known) {
			count = split(suites, words, /[ \t\n]+/)
			for (i = 1; i <= count; i++) if (words[i] == release || words[i] ~ /^(old)*stable$/) found = 1
			count = split(uris, words, /[ \t\n]+/)
			for (i = 1; i <= count; i++) if (words[i] != "" && words[i] !~ /^cdrom:/) {
				kept = kept " " words[i]
				sub(/\/*$/, "/", words[i])
				if (words[i] in archive) known = 1
			}
			if (!found || !known || done) return
			done = 1
			printf "Types: deb\nURIs:%s\nSuites: %s\nComponents: main\n", kept, suite
			if (key != "") printf "Signed-By:%s\n", key
		}
		function close_stanza() {
			if ((" " field["types"] " ") ~ /[ \t\n]deb[ \t\n]/ && tolower(field["enabled"]) !~ /^[ \t]*(no|false|without|off|disable|0)[ \t]*$/)
				use(field["uris"], field["suites"], field["signed-by"])
			split("", field); name = ""
		}
		FNR == 1 { close_stanza() }
		FILENAME ~ /\.list$/ {
			if ($1 != "deb") next
			at = 2; key = ""
			if ($at ~ /^\[/) {
				do {
					option = $at
					gsub(/^\[|\]$/, "", option)
					if (option ~ /^signed-by=/) { key = substr(option, 11); gsub(/,/, " ", key); key = " " key }
				} while ($(at++) !~ /\]$/ && at <= NF)
			}
			use($at, $(at + 1), key)
			next
		}
		/^#/ { next }
		/^[ \t]*$/ { close_stanza(); next }
		/^[ \t]/ { field[name] = field[name] "\n" $0; next }
		{
			name = tolower(substr($0, 1, index($0, ":") - 1))
			field[name] = substr($0, index($0, ":") + 1)
		}
		END { close_stanza() }
	' "${files[@]}"
}

# update_lists fetches the package lists. Another APT may hold them for minutes, as that of a machine which was just started
# does (apt-get waits for dpkg's lock only), and an archive may be out of reach for a moment.
update_lists() {
	local tries=2 deadline=$((SECONDS + 300))
	[ -n "$work" ] || work=$(mktemp -d)
	until apt-get update -o APT::Update::Error-Mode=any 2>&1 | tee "$work/update" >&2; do
		if [ "$SECONDS" -ge "$deadline" ] || ! grep -q /lists/lock "$work/update"; then
			tries=$((tries - 1))
		fi
		if [ "$tries" -eq 0 ]; then
			apt-get update >&2 # of an archive that is of no use here it only warns
			break
		fi
		say 'Trying again in five seconds'
		sleep 5
	done
}

# add_backports makes Debian 12's backports known to APT, unless they are.
add_backports() {
	local found
	apt-cache policy >"$work/policy"
	! grep -q 'n=bookworm-backports' "$work/policy" || return 0
	step "adding Debian 12's backports to the package sources ($backports_source)"
	found=$(stanza bookworm bookworm-backports)
	if [ -z "$found" ]; then
		found=$(printf '%s\n' 'Types: deb' 'URIs: http://deb.debian.org/debian' 'Suites: bookworm-backports' \
			'Components: main' 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg')
	fi
	added_source=yes
	printf '%s\n' '# For QEMU and libvirt, by the set-up of terraform-provider-virt. Nothing else is taken from here unless asked for.' \
		"$found" >"$backports_source"
	chmod 0644 "$backports_source"
	update_lists
	apt-cache policy >"$work/policy"
	grep -q 'n=bookworm-backports' "$work/policy" ||
		die "APT does not know bookworm-backports after apt-get update, whose words are above. What was tried:" "$found"
}

# pin writes APT preferences, beside the machine's own, by which what must be new comes from Debian 12's backports.
pin() {
	local sources="$1"
	if [ -e "$root/etc/apt/preferences" ]; then
		cat "$root/etc/apt/preferences"
		printf '\n'
	fi
	printf '%s\n' "Package: $sources" 'Pin: release n=bookworm-backports' 'Pin-Priority: 500'
}

# available_qemu prints the major version of the newest QEMU that the machine's APT sources have.
available_qemu() {
	apt-cache madison qemu-system-x86 2>/dev/null |
		sed -n 's/^[^|]*|[[:space:]]*\([0-9]*:\)\{0,1\}\([0-9]*\)\..*/\2/p' | sort -n | tail -n 1
}

# of_this_release tells whether one of a package's origins, as apt-get -s names them, is the machine's own release or none
# of the distribution's.
of_this_release() {
	local origin version
	local -a origins
	version=$(release VERSION_ID)
	IFS=',' read -ra origins <<<"$1"
	for origin in "${origins[@]}"; do
		case "${origin# }" in
		*:"$version"[./-]*) return 0 ;;
		*[Bb]ackports*) ;;
		Debian*:* | Ubuntu*:*) [ -n "$version" ] || return 0 ;;
		*) return 0 ;;
		esac
	done
	return 1
}

# inst is a line of apt-get -s: name, [old version], (new version, origins, architecture).
readonly inst='^Inst ([^ ]+) (\[([^]]*)\] )?\(([^ ]+) (.*) \[[^]]*\]\)'

# plan says what an installation will change, and refuses what nobody asked for.
plan() {
	local line name old new origins
	local -a fresh=() backported=() updated=() refused=()
	while IFS= read -r line; do
		if [[ $line =~ ^Remv\ ([^ ]+) ]]; then
			refused+=("${BASH_REMATCH[1]} would be removed")
		elif [[ $line =~ $inst ]]; then
			name="${BASH_REMATCH[1]}" old="${BASH_REMATCH[3]}" new="${BASH_REMATCH[4]}" origins="${BASH_REMATCH[5]}"
			if [ -z "$old" ]; then
				fresh+=("$name")
				of_this_release "$origins" || backported+=("$name")
				continue
			fi
			if ! of_this_release "$origins" && [[ $old != *~bpo* ]]; then
				refused+=("$name $old would become $new of $origins")
			fi
			updated+=("$name $old -> $new")
		elif [[ $line == Inst* ]]; then
			refused+=("this cannot be read: $line")
		fi
	done
	if [ "${#refused[@]}" -gt 0 ]; then
		die "This machine's packages are not such that the lab's can be added without touching what it runs on:" \
			"${refused[@]/#/  }" "Nothing was installed. A tree, container or VM of Debian 13 has room for the lab;" \
			"or take these packages to backports yourself first (apt-get install -t bookworm-backports NAME...)."
	fi
	say "New packages: ${#fresh[@]}"
	[ "${#backported[@]}" -eq 0 ] || say "  of which from backports: ${backported[*]}"
	if [ "${#updated[@]}" -eq 0 ]; then
		say "Installed packages that change: none"
	else
		say "Installed packages that change: ${#updated[@]}" "${updated[@]/#/  }"
	fi
}

install_packages() {
	local newest pins=''
	local -a apt
	export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
	step 'updating the package lists (apt-get update)'
	update_lists
	if [ "$(release VERSION_CODENAME)" = bookworm ]; then
		case " $* " in *' golang-go '*) pins=' src:golang-defaults src:golang-1.*' ;; esac
		case " $* " in *' libvirt-'* | *' qemu-'*) pins+=' src:qemu src:libvirt src:seabios' ;; esac
		[ -z "$pins" ] || add_backports
	fi
	case " $* " in *' qemu-system-x86 '*)
		step 'looking for a QEMU that is new enough'
		newest=$(available_qemu)
		[ -n "$newest" ] || die "This machine's package sources have no qemu-system-x86." \
			"What apt-get update said above may tell why: is the archive reachable?"
		[ "$newest" -ge "$minimum_qemu" ] || die \
			"QEMU $newest is the newest that this machine's package sources have; the lab needs $minimum_qemu or newer:" \
			"older ones corrupt an emulated guest that is migrated. Debian 12 with backports, Debian 13 and Ubuntu 25.04 have it."
		;;
	esac
	apt=(apt-get --yes --quiet --no-install-recommends -o DPkg::Lock::Timeout=300)
	if [ -n "$pins" ]; then
		pin "${pins# }" >"$work/preferences"
		apt+=(-o "Dir::Etc::Preferences=$work/preferences")
	fi
	step 'working out what would be installed (apt-get install --simulate)'
	if ! "${apt[@]}" install --simulate "$@" >"$work/plan" 2>&1; then
		cat "$work/plan" >&2
		die "APT's words are above. Wanted: $*"
	fi
	plan <"$work/plan"
	step 'installing packages (apt-get install)'
	# The lab starts daemons of its own, in namespaces of their own: the packages' services need not start.
	if [ ! -e "$policy" ]; then
		added_policy=yes
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 0755 "$policy"
	fi
	"${apt[@]}" --no-remove install "$@" >&2
	added_source=''
	# A way to log in that nobody asked for must not open on the next boot either.
	case " $* " in *' openssh-server '*) systemctl disable ssh.service ssh.socket >/dev/null 2>&1 || true ;; esac
}

# bring installs the packages given, when there are any and it may.
bring() {
	[ "$#" -gt 0 ] || return 0
	step 'looking at what this machine lacks'
	command -v apt-get >/dev/null || die "It lacks: $*" \
		"These are packages of Debian and Ubuntu, and there is no apt-get here to install them with."
	[ "$(id -u)" -eq 0 ] || die "It lacks: $*" "Run: sudo $(realpath "$0")${arguments:+ $arguments}"
	say "Installing: $*"
	install_packages "$@"
}

# check_go refuses a Go that is there and too old, rather than replace it.
check_go() {
	local version
	version=$(go_version)
	[ -z "$version" ] || at_least "$minimum_go" "$version" || die \
		"Go $version ($(command -v go)) is too old: from $minimum_go on Go fetches the toolchain that go.mod names." \
		"Install a newer one (https://go.dev/dl), or remove this one for the set-up to bring another."
}

# kernel_package prints the package that holds the distribution's kernel for virtual machines.
kernel_package() {
	local meta package
	for meta in linux-image-cloud-amd64 linux-image-virtual linux-image-amd64; do
		package=$(apt-cache depends "$meta" 2>/dev/null |
			sed -n 's/^[ |]*Depends: \(linux-image-[0-9].*\)$/\1/p' | sed -n 1p) || true
		[ -z "$package" ] || break
	done
	printf '%s\n' "$package"
}

# fetch_kernel unpacks the distribution's kernel for virtual machines into the cache.
fetch_kernel() {
	local kernel package unpacked
	! compgen -G "$cache/vmlinuz-*" >/dev/null || return 0
	step "looking for the guest's kernel in the package sources"
	package=$(kernel_package)
	if [ -z "$package" ] && [ "$(id -u)" -eq 0 ]; then
		update_lists
		package=$(kernel_package)
	fi
	[ -n "$package" ] || die "APT knows no package of a kernel. Run as root: apt-get update"
	step "fetching the guest's kernel ($package)"
	say "Fetching $package for the lab's guests"
	[ -n "$work" ] || work=$(mktemp -d)
	unpacked="$work/kernel"
	mkdir "$unpacked"
	(cd "$unpacked" && apt-get download --quiet -o APT::Sandbox::User=root "$package" >&2)
	dpkg -x "$unpacked"/*.deb "$unpacked"
	mkdir -p "$cache"
	for kernel in "$unpacked"/boot/vmlinuz-*; do
		install -m 0644 "$kernel" "$cache/.${kernel##*/}.$$"
		mv "$cache/.${kernel##*/}.$$" "$cache/${kernel##*/}"
	done
}

main() {
	local name listed
	local -a packages=()
	case "${1:-}" in
	'')
		check_go
		listed=$(missing_packages | sort -u)
		[ -z "$listed" ] || mapfile -t packages <<<"$listed"
		bring "${packages[@]}"
		fetch_kernel
		;;
	kernel)
		fetch_kernel
		;;
	missing)
		lab_needs | lacking
		;;
	tool)
		for name in "${@:2}"; do
			command -v "$name" >/dev/null || packages+=("$name")
		done
		bring "${packages[@]}"
		;;
	*)
		said=yes
		say "usage: $0 [kernel | missing | tool NAME...]"
		exit 2
		;;
	esac
}

main "$@"
