"""One plain node, alone on the machine: what its boot costs, and runs that end as nobody wants.
Every test leaves the node as it found it: up."""

import os
import pty
import re
import select
import signal
import subprocess
import time

import sampler
from place import ROOT, SANDBOX, VMLAB, Place, check, equal, main, record, run, say

LAB = "plain"
DOMAIN = f"{LAB}-box"
TOPOLOGY = ROOT / "tests" / "e2e" / "topologies" / "plain.yaml"
MARKS = "/var/lib/vmlab/done"
KEY = "cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id"
place = Place("plain")


def in_guest(script, timeout=60):
    return place.guest(LAB, place.addresses(LAB)["box"], script, timeout).expect()


def done(step):
    """When the step was done, in seconds since 1970, each time."""
    times = []
    for line in (place.lab_dir(LAB) / "history").read_text().splitlines():
        begun, took, name, result = line.split("\t")
        if name == step and result == "done":
            times.append((int(begun) + int(took)) / 1000)
    return times


def up():
    """The terminal is closed while the node boots; then `up` is killed; the third one ends it. The
    node boots once through all of that."""
    place.start()
    with sampler.Sampler(VMLAB, "up", LAB) as samples:
        first = place.begin("up", TOPOLOGY)
        try:
            first.until("finished  start box", 1200)
            os.killpg(first.process.pid, signal.SIGHUP)
            first.end(60)
        finally:
            first.kill()
        place.keep_images()
        second = place.begin("up", TOPOLOGY)
        try:
            second.until("started   wait for ssh", 120)
        finally:
            second.kill()
        result = place.vmlab("up", TOPOLOGY, timeout=900)
    if result.code != 0:
        place.keep_evidence(LAB)
    result.expect()
    equal(len(done("start/box")), 1, "starts of the node")
    cpu_s = samples.guest_cpu_at(done("gate/cloud-init/box")[-1])[DOMAIN]
    say(f"e2e: a node booted alone took {cpu_s:.1f} CPU-seconds")
    record(alone_cpu_s=cpu_s)


def lost_overlay():
    """The disk is gone; and while the node is made anew, so is libvirtd."""
    key = in_guest("cat /etc/ssh/ssh_host_ed25519_key.pub").out
    in_guest("touch /root/written-since")
    place.virsh("destroy", DOMAIN)
    for file in place.lab_dir(LAB).glob("box*.qcow2"):
        file.unlink()
    again = place.begin("up", TOPOLOGY)
    try:
        again.until("finished  start box", 300)
        place.inside("pkill", "-9", "-x", "libvirtd").expect()
        again.end(900)
    finally:
        again.kill()
    place.vmlab("up", TOPOLOGY, timeout=900).expect(0, "is up")
    equal(in_guest("cat /etc/ssh/ssh_host_ed25519_key.pub; ls /root").out, key,
          "host key and what was written")


def host():
    """The host loses its power and comes back, and all that libvirt knew is gone: the disk is still
    what it was, and only what is missing is made. A mark that the node's file system kept the name
    of and not the content once made `up` wait for ssh until it gave up."""
    before = in_guest(f"touch /root/written-since; {KEY}").out
    in_guest(f"cd {MARKS} && for mark in *; do : >\"$mark\"; done; sync")
    prepared = len(done("overlay/box"))
    run([SANDBOX, "stop", place.sandbox_dir]).expect()
    place.start()
    place.vmlab("up", TOPOLOGY, timeout=900).expect(0, "is up")
    equal(in_guest(f"ls /root/written-since; {KEY}").out, "/root/written-since\n" + before,
          "what was on the disk")
    equal(len(done("overlay/box")), prepared, "overlays made")
    check(in_guest(f"cat {MARKS}/*").out.strip(), "the marks are whole again")


def drift():
    """A domain edited by hand and a node with a foreign host key are named; `up` puts the domain as
    the topology has it, and does not talk to who shows another key."""
    xml = place.virsh("dumpxml", "--inactive", "--security-info", DOMAIN)
    vcpu = re.search(r"<vcpu[^>]*>(\d+)<", xml)
    edited = place.dir / "edited.xml"
    edited.write_text(xml[:vcpu.start(1)] + "3" + xml[vcpu.end(1):])
    place.virsh("define", edited)
    place.vmlab("status", LAB).expect(0, "not as the topology has it", "3 CPUs")
    place.vmlab("plan", TOPOLOGY).expect(0, "not as the topology has it")
    place.vmlab("up", TOPOLOGY).expect(0, "is up")
    equal(place.virsh("vcpucount", "--config", "--maximum", DOMAIN).strip(), vcpu[1], "CPUs after `up`")
    place.vmlab("up", TOPOLOGY).expect(0, "nothing to do")
    in_guest("cd /etc/ssh && mkdir kept && mv ssh_host_* kept && ssh-keygen -A && "
             "systemctl restart ssh")
    place.vmlab("status", LAB, "--probe").expect(0, "SECURITY", "host key")
    place.vmlab("up", TOPOLOGY).expect(1, "cannot trust")
    # The way out of it asks nobody.
    place.vmlab("reset", "box", "--lab", LAB).expect()
    check("SECURITY" not in place.vmlab("status", LAB, "--probe").expect().out, "still foreign")


def console():
    """At a terminal: a key goes to the node, its login prompt comes back, Ctrl-] ends it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [SANDBOX, "run", place.sandbox_dir, "--", VMLAB, "console", "box", "--lab", LAB],
        stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **place.env},
        start_new_session=True)
    os.close(theirs)
    seen, end = b"", time.monotonic() + 120
    try:
        while b"box login:" not in seen:
            check(time.monotonic() < end and process.poll() is None, f"no login prompt in {seen!r}")
            if select.select([ours], [], [], 5)[0]:
                seen += os.read(ours, 4096)
            else:
                os.write(ours, b"\r")  # whoever comes late sees nothing until something is typed
        os.write(ours, b"\x1d")
        equal(process.wait(30), 0, "exit code of `vmlab console`")
    finally:
        process.kill()
        os.close(ours)


def everyday():
    """stop and start; protect; gc."""
    place.vmlab("protect", LAB).expect()
    place.vmlab("down", LAB).expect(1, "protect")
    place.vmlab("reset", "box", "--lab", LAB).expect(1, "protect")
    equal(place.domains(), [DOMAIN], "domains of a protected lab")
    place.vmlab("protect", LAB, "--off").expect()
    key = in_guest(KEY).out
    place.vmlab("stop", "--lab", LAB, timeout=300).expect()
    equal(place.virsh("domstate", DOMAIN).strip(), "shut off", "state after `stop`")
    place.vmlab("start", "--lab", LAB, timeout=600).expect()
    equal(in_guest(KEY).out, key, "host key and machine-id after `stop` and `start`")
    place.vmlab("gc", "--dry-run").expect(0, "nothing is left over")
    place.vmlab("status", LAB, "--json").expect()


def down():
    place.end(LAB)


if __name__ == "__main__":
    main(globals())
