# SPDX-License-Identifier: GPL-2.0-only
#
# For the tests of tools, inside the lab: a Linux guest that keeps busy until
# it is stopped, whose ends are in $LAB_RUN: guest.pid, guest.qmp, guest.txt.
# shellcheck shell=bash

tracing=/sys/kernel/tracing
: "${LAB_RUN:=/tmp}"

# guest_run [QEMU ARGUMENT...]: until it ends.
guest_run()
{
	setsid -w qemu-system-x86_64 -accel "${GUEST_ACCEL:-kvm,kernel-irqchip=off}" -cpu host -M q35 -m 256 -name busy,debug-threads=on "$@" \
		-nodefaults -nographic -no-reboot -serial "file:$LAB_RUN/guest.txt" \
		-pidfile "$LAB_RUN/guest.pid" -qmp unix:/tmp/guest.qmp,server=on,wait=off \
		-kernel "/boot/vmlinuz-$(tests/lab/krel cloud)" -initrd build/guest/initramfs.cpio.gz \
		-append "console=ttyS0 panic=-1 quiet glassvisor.busy" </dev/null
	echo "QEMU ended with status $?"
}

# guest_start [QEMU ARGUMENT...]: returns when the guest has reached its init.
guest_start()
{
	local i
	rm -f "$LAB_RUN"/guest.{txt,pid,was}
	guest_run "$@" >"$LAB_RUN/guest.log" 2>&1 &
	for ((i = 0; i < 120 * ${slow:-1}; i++)); do
		grep -q 'busy, round' "$LAB_RUN/guest.txt" 2>/dev/null && return 0
		sleep 1
		[ $i -lt 20 ] || guest_alive || break
	done
	tail -n 5 "$LAB_RUN/guest.txt" "$LAB_RUN/guest.log"
	echo "the guest did not get busy"
	return 1
}

# (Still there when QEMU has ended, and has removed its own file.)
guest_pid()
{
	[ ! -s "$LAB_RUN/guest.pid" ] || cp "$LAB_RUN/guest.pid" "$LAB_RUN/guest.was"
	cat "$LAB_RUN/guest.was" 2>/dev/null
}

guest_alive()
{
	kill -0 "$(guest_pid)" 2>/dev/null
}

# guest_test COMMAND...: with the guest, a new one if the last has died. Where it
# dies in a test, what it did before is in the test's log.
guest_test()
{
	guest_alive || guest_start || return
	"$@"
	local status=$? id
	guest_alive && return $status
	for id in $(awk -v pid="$(guest_pid)" '$5 == pid { print $1 }' /sys/kernel/debug/glassvisor/recorder/index); do
		head -n 30 "/sys/kernel/debug/glassvisor/recorder/$id"
		tail -n 30 "/sys/kernel/debug/glassvisor/recorder/$id"
	done
	tail -n 3 "$LAB_RUN/guest.txt"
	echo "the guest died: $(tail -n 1 "$LAB_RUN/guest.log")"
	return 1
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
	guest_alive || return 0 # the test in which it died has said so
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
