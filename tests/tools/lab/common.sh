# SPDX-License-Identifier: GPL-2.0-only
#
# For the tests of tools, inside the lab: a Linux guest that keeps busy until
# it is stopped, whose ends are in $LAB_RUN: guest.pid, guest.qmp, guest.txt.
# shellcheck shell=bash

tracing=/sys/kernel/tracing
: "${LAB_RUN:=/tmp}"

# guest_start [QEMU ARGUMENT...]: returns when the guest has reached its init.
guest_start()
{
	local i
	rm -f "$LAB_RUN/guest.txt"
	setsid qemu-system-x86_64 -accel kvm -cpu host -M q35 -m 256 -name busy,debug-threads=on "$@" \
		-nodefaults -nographic -no-reboot -serial "file:$LAB_RUN/guest.txt" \
		-qmp unix:/tmp/guest.qmp,server=on,wait=off \
		-kernel "/boot/vmlinuz-$(tests/lab/krel cloud)" -initrd build/guest/initramfs.cpio.gz \
		-append "console=ttyS0 panic=-1 quiet glassvisor.busy" </dev/null \
		>"$LAB_RUN/guest.log" 2>&1 &
	echo $! >"$LAB_RUN/guest.pid"
	for ((i = 0; i < 120 * ${slow:-1}; i++)); do
		grep -q 'busy, round' "$LAB_RUN/guest.txt" 2>/dev/null && return 0
		guest_alive || break
		sleep 1
	done
	tail -n 5 "$LAB_RUN/guest.txt" "$LAB_RUN/guest.log"
	echo "the guest did not get busy"
	return 1
}

guest_pid()
{
	cat "$LAB_RUN/guest.pid"
}

guest_alive()
{
	kill -0 "$(guest_pid)" 2>/dev/null
}

# The thread of the guest's vCPU 0.
guest_vcpu()
{
	local comm
	for comm in /proc/"$(guest_pid)"/task/*/comm; do
		[ "$(cat "$comm")" = "CPU 0/KVM" ] && basename "${comm%/comm}" && return
	done
	return 1
}

guest_stop()
{
	local i pid
	pid=$(guest_pid)
	guest_alive || { echo "the guest had died: $(tail -n 1 "$LAB_RUN/guest.log")"; return 1; }
	qmp '{"execute":"quit"}' >/dev/null
	for i in 1 2 3 4 5 6 7 8 9 10; do
		guest_alive || return 0
		sleep 0.5
	done
	kill -9 "$pid"
	echo "QEMU did not quit"
	return 1
}

# qmp COMMAND: QEMU's answer.
qmp()
{
	{
		printf '{"execute":"qmp_capabilities"}\n%s\n' "$1"
		sleep 0.5
	} | socat -t 2 - UNIX-CONNECT:/tmp/guest.qmp | tail -n 1
}

# QEMU logs dirty pages for a second: memory slots change, dirty passes happen.
guest_dirty_log()
{
	qmp '{"execute":"calc-dirty-rate","arguments":{"calc-time":1,"mode":"dirty-bitmap"}}'
}

fail()
{
	echo "$*"
	exit 1
}
