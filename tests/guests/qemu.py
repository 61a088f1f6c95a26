# SPDX-License-Identifier: GPL-2.0-only
"""
QEMU for tests that talk to it: Qemu is a process and its QMP, Linux is one that runs Debian's cloud
kernel with our initramfs (tests/lab/guest-initramfs) and takes commands (serve() in guest-init).
KVM=stock in the environment: on the in-tree module.
"""

import json
import os
import re
import socket
import subprocess
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SLOW = 4 if os.environ.get("LAB_KERNEL") == "debug" else 1
# What a guest's kernel says when it was not well served.
COMPLAINT = (r"BUG:|WARNING: CPU|Oops|soft lockup|hard LOCKUP|stall|blocked for more than|"
             r"TSC warp|Call Trace|I/O error|no irq handler|nobody cared|lost [0-9]+ ")
if os.environ.get("KVM") == "stock":  # whose guests complain of the lab CPU's XSAVE area
    COMPLAINT = COMPLAINT.replace("WARNING: CPU|", "").replace("Call Trace|", "")


class Failed(Exception):
    """What a test says when it fails."""


class Lines:
    """A stream socket that is read line by line, each with a time limit."""

    def __init__(self, path, process):
        self.socket, self.data = socket.socket(socket.AF_UNIX), b""
        for _ in range(600):
            try:
                self.socket.connect(path)
                return
            except OSError:
                if process.poll() is not None:
                    break
                time.sleep(0.1)
        raise Failed(f"no connection to QEMU, its status: {process.poll()}")

    def write(self, text):
        self.socket.sendall(text.encode())

    def read(self, deadline):
        """The next line; None: not until then."""
        while b"\n" not in self.data:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(65536)
            except socket.timeout:
                return None
            except OSError as e:
                raise Failed(f"QEMU is gone: {e}") from e
            if not more:
                raise Failed("QEMU is gone")
            self.data += more
        line, self.data = self.data.split(b"\n", 1)
        return line.decode(errors="replace").rstrip("\r")


class Qemu:
    def __init__(self, *args):
        self.dir = tempfile.mkdtemp()
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-nodefaults", "-nographic",
             "-qmp", f"unix:{self.dir}/qmp,server=on,wait=off", *args], stdin=subprocess.DEVNULL)
        try:
            self.qmp, self.events = Lines(self.dir + "/qmp", self.process), []
            self.answer("greeting", time.monotonic() + 60)
            self("qmp_capabilities")
        except Failed:
            self.end()
            raise

    def answer(self, what, deadline):
        while True:
            line = self.qmp.read(deadline)
            if line is None:
                raise Failed(f"{what}: no answer")
            answer = json.loads(line)
            if "event" not in answer:
                return answer
            self.events.append(answer)

    def __call__(self, command, **arguments):
        self.qmp.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        answer = self.answer(command, time.monotonic() + 120 * SLOW)
        if "error" in answer:
            raise Failed(f"{command}: {answer['error']}")
        return answer["return"]

    def hmp(self, line):
        """A command that says nothing when it succeeds."""
        said = self("human-monitor-command", **{"command-line": line}).strip()
        if said:
            raise Failed(f"{line}: {said}")

    def event(self, name, seconds=60, **want):
        """Waits for an event whose data has what is wanted, and forgets the ones before it."""
        deadline = time.monotonic() + seconds * SLOW
        while True:
            while self.events:
                event = self.events.pop(0)
                data = event.get("data", {})
                if event["event"] == name and all(data.get(k) == v for k, v in want.items()):
                    return
            line = self.qmp.read(deadline)
            if line is None:
                raise Failed(f"no event {name} {want or ''}")
            self.events.append(json.loads(line))

    def folder(self):
        """Of its VM in debugfs."""
        found = [n for n in os.listdir("/sys/kernel/debug/kvm")
                 if n.startswith(f"{self.process.pid}-")]
        if len(found) != 1:
            raise Failed(f"its folders in debugfs: {found}")
        return found[0]

    def alive(self):
        return self.process.poll() is None

    def end(self):
        self.process.kill()
        self.process.wait()
        subprocess.run(["rm", "-r", self.dir], check=True)


class Linux(Qemu):
    """In `log` is what its console said."""

    def __init__(self, *args, log, append="", irqchip="on", cpus=2):
        run = os.environ.get("LAB_RUN", "/tmp")
        krel = subprocess.run([ROOT + "/tests/lab/krel", "cloud"], stdout=subprocess.PIPE,
                              text=True, check=True).stdout.strip()
        self.console, self.id, self.cpus = f"{run}/{log}.txt", 0, cpus
        commands = tempfile.mktemp()
        super().__init__(
            "-accel", f"kvm,kernel-irqchip={irqchip}", "-cpu", "host", "-m", "192",
            "-serial", f"file:{self.console}", "-serial", f"unix:{commands},server=on,wait=off",
            "-kernel", f"/boot/vmlinuz-{krel}", "-initrd", ROOT + "/build/guest/initramfs.cpio.gz",
            "-append", f"console=ttyS0 panic=-1 quiet glassvisor.serve {append}", *args)
        try:
            self.commands = Lines(commands, self.process)
            self.ready()
        except Failed:
            self.end()
            raise

    def said(self):
        """The last line of its console, or the first in which its kernel complained."""
        with open(self.console, encoding="ascii", errors="replace") as f:
            lines = [re.sub(r"[^ -~]", "", line) for line in f if line.strip()]
        bad = [line for line in lines if re.search(COMPLAINT, line)]
        return (bad[:1] or lines[-1:] or ["nothing"])[0]

    def until(self, mark, seconds):
        """What it says until a line ":: MARK WORD": those lines, and the word."""
        deadline, lines = time.monotonic() + seconds * SLOW, []
        while True:
            line = self.commands.read(min(deadline, time.monotonic() + 5))
            if line is None and time.monotonic() < deadline:
                status = self("query-status")["status"]
                if status not in ("running", "paused"):
                    raise Failed(f"the VM's status: {status}")
                continue
            if line is None:
                raise Failed(f"no '{mark}' from the guest; its console: {self.said()}")
            if line.startswith(f":: {mark} "):
                return lines, line.split(" ")[2]
            if line.startswith(":: ready"):
                raise Failed(f"the guest started anew; its console: {self.said()}")
            lines.append(line)

    def ready(self):
        """Its init is reached, with all CPUs."""
        found = self.until("ready", 240)[1]
        if found != str(self.cpus):
            raise Failed(f"{found} CPUs instead of {self.cpus}")

    def send(self, command):
        self.id += 1
        self.commands.write(f"{self.id} {command}\n")

    def run(self, command, seconds=60):
        """What the guest's shell says to it; it must succeed."""
        self.send(command)
        lines, status = self.until(str(self.id), seconds)
        if status != "0":
            raise Failed(f"{command}: status {status}: {lines[-1] if lines else 'nothing said'}")
        return "\n".join(lines)

    def complaint(self):
        found = self.run(f"dmesg | grep -m1 -E '{COMPLAINT}' || true")
        if found:
            raise Failed(f"the guest's kernel: {found}")
