# SPDX-License-Identifier: GPL-2.0-only
"""
What tests/guests does to a Linux guest: each test gets one that is up, leaves one that is up, and
may return a note. Time is never judged by how long something took, but a guest's clock must not
have counted more than there was.
"""

import hashlib
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time

from qemu import SLOW, Failed

TAP = "gvtap"
SLACK = 1.0  # seconds that the guest's clock and ours may differ in a test


class Skip(Exception):
    pass


def shell(command):
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        raise Failed(f"{command}: {done.stdout.strip()}")
    return done.stdout.strip()


RECORDERS = "/sys/kernel/debug/glassvisor/recorder"


def frozen_recorders():
    """The numbers of those there are; none on the in-tree module."""
    return {n for n in os.listdir(RECORDERS) if n.isdigit()} if os.path.isdir(RECORDERS) else set()


def host_registers(ids):
    """
    QEMU 7.2's emulated SVM now and then runs a guest with the host's registers (see retry in
    tests/run). Then the guest's RIP is where the module executes VMRUN.
    """
    with open("/proc/modules", encoding="ascii") as f:
        ours = [line.split() for line in f if line.startswith("glassvisor ")]
    for n in ids if ours else []:
        with open(f"{RECORDERS}/{n}", encoding="ascii") as f:
            rip = [line.split()[2] for line in f if line.startswith("# rip ")]
        base = int(ours[0][5], 16)
        if rip and base <= int(rip[0], 16) < base + int(ours[0][1]):
            return True
    return False


def doubled_interrupt(guest):
    """
    QEMU 7.2's emulated VMRUN leaves the vector that it injected where its main loop takes it for an
    exception yet to deliver, when another of its threads asks the CPU out of the guest just then: a
    guest is interrupted twice. Between an interrupt's entry and its SWAPGS a guest's kernel does not
    survive that. Then its oops shows an interrupt's first instructions, interrupts off, interrupted.
    """
    console = f"{os.environ.get('LAB_RUN', '/tmp')}/guest-{guest}.txt"
    if not os.path.exists(console):
        return False
    with open(console, encoding="ascii", errors="replace") as f:
        frames = re.findall(r"RIP: 0010:asm_(?:sysvec_\w+|common_interrupt)\+0x[0-9a-f]/.*?"
                            r"EFLAGS: ([0-9a-f]+)", f.read(), re.DOTALL)
    return any(not int(flags, 16) & 0x200 for flags in frames)


# ---- the ticking program, and what the guest's clock says

class Ticks:
    def __init__(self, guest):
        self.before = time.monotonic()
        word = guest.run("work ticks").split(" ")
        self.after = time.monotonic()
        figure = dict(zip(word[:8:2], map(int, word[1:8:2])))
        self.ns, self.longest = figure["ns"], figure["longest_ms"]
        self.counts = list(map(int, word[9:]))
        if figure["ns_back"] or figure["tsc_back"]:
            raise Failed(f"a clock went back: CLOCK_MONOTONIC {figure['ns_back']} times, "
                         f"the TSC {figure['tsc_back']}")


def start_ticks(guest):
    guest.run("killall work; rm -f /tmp/tick; work tick >/tmp/tick.log 2>&1 &")
    guest.run("while [ ! -s /tmp/tick ]; do usleep 10000; done")
    return more_ticks(guest, [0] * guest.cpus)


def more_ticks(guest, counts):
    """Waits until each CPU has ticked 20 times more."""
    deadline = time.monotonic() + 60 * SLOW
    while True:
        ticks = Ticks(guest)
        if len(ticks.counts) == len(counts) and \
           all(new >= old + 20 for new, old in zip(ticks.counts, counts)):
            return ticks
        if time.monotonic() > deadline:
            raise Failed(f"ticks of the CPUs: {counts}, and a minute later {ticks.counts}")


def clock_counted(a, b, seconds):
    """Between readings a and b no more than `seconds` have passed for the guest."""
    passed = (b.ns - a.ns) / 1e9
    if passed < 0 or passed > seconds + SLACK:
        raise Failed(f"its clock counted {passed:.2f} s, there were {seconds:.2f}")
    return passed


# ---- a VM's life

def stop_cont(guest):
    """What was stopped does not count, for clocks and watchdogs."""
    guest.run("echo 3 >/proc/sys/kernel/watchdog_thresh")  # a soft lockup is 6 s then
    a = start_ticks(guest)
    stopped = 0
    for seconds in 8, 0, 0.2:
        guest("stop")
        began = time.monotonic()
        time.sleep(seconds)
        stopped += time.monotonic() - began
        guest("cont")
        b = more_ticks(guest, Ticks(guest).counts)
    passed = clock_counted(a, b, b.after - a.before - stopped)
    guest.run("echo 10 >/proc/sys/kernel/watchdog_thresh")
    return f"stopped {stopped:.1f} s, went on for {passed:.1f} s, longest tick {b.longest} ms"


def save_load(guest):
    guest.run("echo before | dd of=/dev/vda conv=fsync 2>/dev/null; rm -f /tmp/after")
    a = start_ticks(guest)
    guest.hmp("savevm one")
    saved = time.monotonic()
    b = more_ticks(guest, Ticks(guest).counts)
    guest.run("touch /tmp/after; echo after | dd of=/dev/vda conv=fsync 2>/dev/null")
    time.sleep(3)
    for _ in range(2):
        began = time.monotonic()
        guest.hmp("loadvm one")
        c = Ticks(guest)
        guest.run("[ ! -e /tmp/after ] && echo 3 >/proc/sys/vm/drop_caches")
        disk = guest.run("head -n 1 /dev/vda")
        if disk != "before":
            raise Failed(f"the disk says '{disk}'")
        if any(new < old for new, old in zip(c.counts, a.counts)):
            raise Failed(f"ticks {c.counts}, before it was saved {a.counts}")
        passed = clock_counted(a, c, saved - a.before + c.after - began)
        more_ticks(guest, c.counts)
        guest.run("touch /tmp/after")
    return f"{passed:.1f} s after the first tick; {(b.ns - a.ns) / 1e9:.1f} s were undone"


def anew(guest):
    guest.ready()
    start_ticks(guest)


def reboot(guest):
    start_ticks(guest)
    guest.send("reboot -f")
    guest.event("RESET", guest=True, reason="guest-reset")
    anew(guest)


def system_reset(guest):
    start_ticks(guest)
    guest("system_reset")
    guest.event("RESET", guest=False, reason="host-qmp-system-reset")
    anew(guest)
    # In the middle of a boot, where CPUs may be about to start others.
    for seconds in 0.1, 1.5:
        guest("system_reset")
        time.sleep(seconds)
    guest("system_reset")
    anew(guest)


def cpu_dir(n):
    return f"/sys/devices/system/cpu/cpu{n}"


def cpu_offline(guest):
    guest.run(f"echo 0 >{cpu_dir(1)}/online && [ $(nproc) = 1 ]")
    guest.run(f"echo 1 >{cpu_dir(1)}/online && [ $(nproc) = 2 ] && work cpu 1")
    start_ticks(guest)
    for n in 0, 1, 0, 1:
        guest.run(f"echo {n} >{cpu_dir(1)}/online")
    guest.run("work cpu 1")


def add_cpu(guest):
    free = [c for c in guest("query-hotpluggable-cpus") if "qom-path" not in c][-1]
    n = guest.cpus
    guest("device_add", driver=free["type"], id=f"cpu{n}", **free["props"])
    guest.run(f"while [ ! -e {cpu_dir(n)}/online ]; do usleep 10000; done")
    guest.run(f"echo 1 >{cpu_dir(n)}/online; work cpu {n}")
    guest.cpus += 1


def remove_cpu(guest):
    n = guest.cpus - 1
    guest("device_del", id=f"cpu{n}")
    guest.event("DEVICE_DELETED", device=f"cpu{n}")
    guest.run(f"[ ! -e {cpu_dir(n)} ]")
    guest.cpus -= 1


def cpu_hotplug(guest):
    """One more, away again, back (QEMU gives it the vCPU that it has kept), and the rest."""
    add_cpu(guest)
    remove_cpu(guest)
    add_cpu(guest)
    add_cpu(guest)
    start_ticks(guest)


def ipis(guest):
    guest.run("killall work; true")
    return guest.run("work ipis 6", 120)


def timers(guest):
    guest.run("killall work; true")
    have = guest.run("cat /sys/devices/system/clockevents/clockevent0/current_device")
    if have != guest.clockevent:
        raise Failed(f"its timer is {have}, not {guest.clockevent}")
    return guest.run("work timers 4", 120)


def ticks_of_pit(guest):
    """The PIT ticks HZ times a second; what was late comes later, but it comes."""
    note = timers(guest)
    irq0 = "awk '$1 == \"0:\" { print $2 }' /proc/interrupts"
    start_ticks(guest)
    hz, n, a = 250, int(guest.run(irq0)), Ticks(guest)
    deadline = time.monotonic() + 150 * SLOW  # a busy machine's guest has much to catch up
    while True:
        time.sleep(3)
        b = Ticks(guest)
        m, most = int(guest.run(irq0)), (time.monotonic() - guest.began) * hz
        ticks, want = m - n, (b.ns - a.ns) / 1e9 * hz
        said = f"{ticks} ticks in {want / hz:.2f} s, {m} since it began"
        if m > most:
            raise Failed(f"{said} {most / hz:.2f} s ago")
        if ticks >= want - 2:
            return f"{note}; {said}"
        if time.monotonic() > deadline:
            raise Failed(f"only {said}")


# ---- virtio: eventfds both ways

def mmio_exits(guest):
    with open(f"/sys/kernel/debug/kvm/{guest.folder()}/mmio_exits", encoding="ascii") as f:
        return int(f.read())


def interrupts(guest, what):
    return int(guest.run(f"awk '/{what}/ {{ for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i }} "
                         "END { print n + 0 }' /proc/interrupts"))


def by_eventfd(guest, what, work):
    """
    Runs `work`, in which the device must interrupt, and the guest's notifications must not become
    exits to QEMU: each would be an exit for MMIO. (A few are left: configuration, other devices.)
    """
    irqs, exits = interrupts(guest, what), mmio_exits(guest)
    work()
    exits, irqs = mmio_exits(guest) - exits, interrupts(guest, what) - irqs
    if irqs < 10 or exits > irqs / 2:
        raise Failed(f"{irqs} interrupts, {exits} MMIO exits")
    return f"{irqs} interrupts, {exits} MMIO exits"


def disk(guest):
    def work():
        for size in "4k", "64k":
            count = 4 << 20 >> (12 if size == "4k" else 16)
            guest.run(f"dd if=/dev/urandom of=/tmp/data bs={size} count={count} 2>/dev/null && "
                      f"dd if=/tmp/data of=/dev/vda bs={size} oflag=direct 2>/dev/null && "
                      "echo 3 >/proc/sys/vm/drop_caches && "
                      f"dd if=/dev/vda bs={size} count={count} iflag=direct 2>/dev/null | "
                      "cmp - /tmp/data", 120)
    return by_eventfd(guest, "virtio[0-9]-req", work)


class Peer(threading.Thread):
    """One TCP connection on our side of the tap: sends `data`, keeps what comes."""

    def __init__(self, address, data):
        super().__init__(daemon=True)
        self.data, self.got = data, b""
        self.server = socket.create_server((address, 0))
        self.server.settimeout(120 * SLOW)
        self.port = self.server.getsockname()[1]
        self.start()

    def run(self):
        try:
            connection = self.server.accept()[0]
            connection.settimeout(120 * SLOW)
            if self.data:
                connection.sendall(self.data)
                connection.shutdown(socket.SHUT_WR)  # which ends the guest's nc
            while more := connection.recv(65536):
                self.got += more
        except OSError as e:
            print(f"peer: {e}")  # what is missing is seen by who looks at self.got
        self.server.close()


def net(guest):
    """QEMU, or vhost's thread past QEMU, and the guest talk by ioeventfd and irqfd."""
    shell(f"ip addr add 10.99.0.1/24 dev {TAP}; ip link set {TAP} up")
    guest.run("ifconfig eth0 10.99.0.2 netmask 255.255.255.0 up && "
              "dd if=/dev/urandom of=/tmp/out bs=64k count=96 2>/dev/null")

    def work():
        data = random.randbytes(6 << 20)
        send, take = Peer("10.99.0.1", data), Peer("10.99.0.1", b"")
        guest.run(f"nc 10.99.0.1 {send.port} </dev/null >/tmp/in & "
                  f"nc 10.99.0.1 {take.port} </tmp/out >/dev/null && wait", 240)
        send.join()
        take.join()
        for name, want in ("in", data), ("out", take.got):
            have = guest.run(f"md5sum </tmp/{name}").split(" ")[0]
            if have != hashlib.md5(want).hexdigest():
                raise Failed(f"/tmp/{name} in the guest has md5 {have}, not what we have")

    return by_eventfd(guest, "virtio[0-9]-.*put", work)


# ---- all at once, for long

# Its failures are in /tmp/failed. (Each program says on its last line what went wrong.) With
# /tmp/rest there, each of the three loops ends after its round.
LOAD = """
try() { "$@" >/tmp/said.$1.$2 2>&1 || tail -n 1 /tmp/said.$1.$2 >>/tmp/failed; }
write() { dd if=/dev/urandom of=/tmp/data bs=64k count=64 2>/dev/null &&
	dd if=/tmp/data of=/dev/vda bs=64k oflag=direct 2>/dev/null &&
	dd if=/dev/vda bs=64k count=64 iflag=direct 2>/dev/null | cmp - /tmp/data; }
rounds() { while [ ! -e /tmp/rest ]; do try "$@"; done; }
rounds write disk &
rounds work timers 4 &
rounds work ipis 4 &
wait
touch /tmp/rests
"""


def start_load(guest):
    text = LOAD.replace("\n", "\\n").replace("'", "'\\''").replace("%", "%%")
    guest.run("rm -f /tmp/rest /tmp/rests")
    guest.run(f"printf '{text}' >/tmp/load; sh /tmp/load >/dev/null 2>&1 &")


def rest_load(guest):
    guest.run("touch /tmp/rest; while [ ! -e /tmp/rests ]; do usleep 100000; done", 240)


def stop_a_while(guest):
    guest("stop")
    time.sleep(random.choice([0, 0.1, 1, 5]))
    guest("cont")


def flip_cpu(guest):
    """(The programs of the load want to stay where they are, but those that tick do not.)"""
    rest_load(guest)
    n = random.randrange(1, guest.cpus)
    guest.run(f"echo 0 >{cpu_dir(n)}/online", 240)
    guest.run(f"echo 1 >{cpu_dir(n)}/online", 240)
    start_load(guest)


def reset_loaded(guest):
    if random.randrange(2):
        guest.send("reboot -f")
    else:
        guest("system_reset")
    guest.ready()
    start_ticks(guest)
    start_load(guest)


BEGAN = time.monotonic()


def soak(guest):
    """SOAK_SECONDS of disk, timers and IPIs on more vCPUs than CPUs, and now and then a shock."""
    end = BEGAN + int(os.environ.get("SOAK_SECONDS", "600"))
    seed = int(os.environ.get("SOAK_SEED", random.randrange(1 << 32)))
    random.seed(seed)
    shocks = {stop_a_while: 6, flip_cpu: 3, reset_loaded: 1}
    done = dict.fromkeys(shocks, 0)
    print(f"SOAK_SEED={seed}", file=sys.stderr, flush=True)
    start_ticks(guest)
    start_load(guest)
    while time.monotonic() < end:
        time.sleep(random.uniform(1, 8))
        shock = random.choices(list(shocks), shocks.values())[0]
        print(f"{end - time.monotonic():.0f} s left: {shock.__name__}", file=sys.stderr, flush=True)
        shock(guest)
        done[shock] += 1
        more_ticks(guest, Ticks(guest).counts)
        failed = guest.run("head -n 1 /tmp/failed 2>/dev/null; true")
        if failed:
            raise Failed(f"{failed} (SOAK_SEED={seed})")
        guest.complaint()
    return ", ".join(f"{n} {shock.__name__}" for shock, n in done.items())
