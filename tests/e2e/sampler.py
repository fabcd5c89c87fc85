"""Samples from /proc what runs of vmlab and their guests cost, while they run."""

import os
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """Of the process itself: children that it waited for are not in it."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def status_mib(pid, key):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


def command_line(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().decode(errors="replace").split("\0")


def guest_name(words):
    """libvirt's name of the guest that a QEMU command line runs, or None."""
    if "qemu-system" not in words[0] or "-name" not in words:
        return None
    name = words[words.index("-name") + 1]
    return name.partition("guest=")[2].partition(",")[0] or None


class Sampler:
    """`with Sampler(binary, command, lab) as sampler:` — afterwards `runs` has CPU seconds and peak
    memory of each `vmlab COMMAND`, `guests` a list of (time, {domain: CPU seconds})."""

    def __init__(self, binary, command, lab, interval=0.25):
        self.binary, self.command, self.lab = str(binary), command, lab
        self.interval = interval
        self.runs = {}
        self.guests = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()

    def _loop(self):
        while not self.stopped.wait(self.interval):
            guests = {}
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    self._look(pid, guests)
                except (OSError, IndexError, ValueError):
                    continue  # it ended meanwhile
            self.guests.append((time.time(), guests))

    def _look(self, pid, guests):
        words = command_line(pid)
        if words[0] == self.binary or os.path.basename(words[0]) == "vmlab":
            if self.command in words:
                peak = status_mib(pid, "VmHWM")
                if peak:
                    self.runs[pid] = {"cpu_s": cpu_seconds(pid), "peak_mib": peak}
            return
        name = guest_name(words)
        if name and name.startswith(self.lab + "-"):
            guests[name] = cpu_seconds(pid)

    def guest_cpu_at(self, moment):
        """{domain: CPU seconds} of the last sample not after `moment` (seconds since 1970)."""
        before = [guests for at, guests in self.guests if at <= moment]
        return before[-1] if before else {}


def resident_mib(lab):
    """{domain: resident MiB of its QEMU process} for the lab's guests, without the zeros that they share
    in a sandbox on some kernels (src/tools/zeros.c)."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            name = guest_name(command_line(pid))
            if name and name.startswith(lab + "-"):
                found[name] = status_mib(pid, "RssAnon") + status_mib(pid, "RssFile")
        except (OSError, IndexError, ValueError):
            continue
    return found
