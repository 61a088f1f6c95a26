#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Installs from Debian's archive what a bare Debian 12 machine (git and make
# only) lacks to build the module and run the demo and the tests. Names carry
# no version, so that the archive's current kernel is what gets built against.
# When all is there, no apt command runs at all.

set -u

needed=(
	# compilers and what kbuild wants
	gcc make flex bison bc libelf-dev libssl-dev libc6-dev rsync cpio kmod binutils
	xz-utils lz4 zstd gzip bzip2 patch dwarves bpftool file
	# the lab's kernels, their headers, and the guest's kernel
	linux-image-amd64 linux-headers-amd64 linux-image-cloud-amd64 linux-source-6.1
	# the lab and the guest
	qemu-system-x86 qemu-utils seabios busybox-static bochs bochsbios vgabios
	# unit tests, fuzzing, lint
	libcmocka-dev clang clang-format libclang-rt-14-dev sparse python3
	# recording
	pkgconf libtraceevent-dev libtracefs-dev trace-cmd bpftrace linux-perf socat gawk
	# the tools and their tests
	libbpf-dev libncurses-dev libjansson-dev libcapstone-dev prometheus tmux jq bsdextrautils
)
# Only the tests on the newer kernel need these; older package lists lack them.
wanted=(linux-image-6.12-amd64 linux-headers-6.12-amd64)

missing()
{
	local p
	for p in "$@"; do
		dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed ||
			echo "$p"
	done
}

lacking=($(missing "${needed[@]}"))
optional=($(missing "${wanted[@]}"))
if [ ${#lacking[@]} -eq 0 ] && [ ${#optional[@]} -eq 0 ]; then
	exit 0
fi

if ! command -v apt-get >/dev/null; then
	echo "deps: needs Debian packages, and this machine has no apt-get: ${lacking[*]}" >&2
	exit 1
fi
sudo=
if [ "$(id -u)" != 0 ]; then
	if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
		echo "deps: not root and no password-free sudo. As root, run:" >&2
		echo "  apt-get update && apt-get install ${lacking[*]} ${optional[*]}" >&2
		[ ${#lacking[@]} -eq 0 ] && exit 0
		exit 1
	fi
	sudo="sudo -n"
fi

apt()
{
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 \
		-o Dpkg::Use-Pty=0 "$@" </dev/null
}

log=$(mktemp) || exit 1
echo "deps: installing ${lacking[*]} ${optional[*]}"
apt update >"$log" 2>&1 || { tail -5 "$log"; echo "deps: apt-get update failed, trying anyway" >&2; }
known=()
for p in ${optional[@]+"${optional[@]}"}; do
	if apt-cache show "$p" >/dev/null 2>&1; then
		known+=("$p")
	else
		echo "deps: $p is not in this machine's package lists: its tests will be skipped"
	fi
done
want=(${lacking[@]+"${lacking[@]}"} ${known[@]+"${known[@]}"})
[ ${#want[@]} -eq 0 ] && { rm -f "$log"; exit 0; }
if ! apt install --no-install-recommends "${want[@]}" >"$log" 2>&1; then
	tail -20 "$log" >&2
	echo "deps: apt-get install failed (whole log: $log)" >&2
	exit 1
fi
still=($(missing "${needed[@]}"))
if [ ${#still[@]} -ne 0 ]; then
	echo "deps: still not installed: ${still[*]} (log: $log)" >&2
	exit 1
fi
rm -f "$log"
