"""A disk without space and a user without patience: one plain node whose directory is a file system
of its own, booted once through all of it."""

import time

from place import ROOT, Place, check, equal, main, say

LAB = "plain"
DOMAIN = f"{LAB}-box"
TOPOLOGY = ROOT / "tests" / "e2e" / "topologies" / "plain.yaml"
UP = ("up", TOPOLOGY, "--no-checkpoint")
place = Place("interrupted")
labs = place.state / "labs"


def mount(size, *options):
    """Where the sandbox's libvirtd sees it too; what is in it can be seen from inside only."""
    place.inside("mkdir", "-p", labs).expect()
    options = ",".join([*options, f"size={size}"])
    place.inside("mount", "-t", "tmpfs", "-o", options, "none", labs).expect()


def starts():
    """How often the node was started by a step that ended well."""
    history = place.inside("cat", labs / LAB / "history").expect().out
    return sum(line.endswith("\tstart/box\tdone") for line in history.splitlines())


def state():
    return place.virsh("domstate", DOMAIN, "--reason").strip()


def up():
    """The disk fills up while the node's files are made: that is the cause that is told, and with
    space there the same `up` goes on. Ctrl-C while the node boots: exit 130, and at once when it is
    pressed twice. The node boots on and is started once."""
    place.start()
    mount("256k")
    full = place.vmlab(*UP, timeout=300).expect(1, "hint: free space on that disk")
    equal((full.out + full.err).count("hint:"), 1, f"hints in\n{full}")
    mount("2g", "remount")

    first = place.begin(*UP)
    try:
        first.until("started   wait for ssh", 300)
        first.interrupt()
        ended = first.end(30).expect(130)
    finally:
        first.kill()
    say(f"e2e: interrupted, `up` ended {ended.took:.1f} s after its start")
    check(state().startswith("running"), "the node boots on")

    # A libvirtd that hangs can be told of no interrupt: twice ends it all the same.
    place.inside("pkill", "-STOP", "-x", "libvirtd").expect()
    second = place.begin(*UP)
    try:
        second.wait(2)
        second.interrupt()
        second.wait(1)
        pressed = time.monotonic()
        second.interrupt()
        second.end(10).expect(130)
        check(time.monotonic() - pressed < 2, "Ctrl-C twice ends it at once")
    finally:
        second.kill()
        place.inside("pkill", "-CONT", "-x", "libvirtd").expect()
    place.vmlab(*UP, timeout=900).expect(0, "is up")
    place.keep_images()
    equal(starts(), 1, "starts of the node")


def full_disk():
    """The host's disk is full and the guest writes: QEMU pauses it. With space there `up` lets it
    go on, and nothing that was written is lost."""
    address = place.addresses(LAB)["box"]
    boot = place.guest(LAB, address, "cat /proc/sys/kernel/random/boot_id").expect().out
    place.inside("sh", "-c", f"cat /dev/zero >{labs}/filler 2>/dev/null || true", timeout=300)
    place.guest(LAB, address, "nohup sh -c 'head -c 64M /dev/urandom >/root/written; sync; "
                "touch /root/whole' >/dev/null 2>&1 &").expect()
    end = time.monotonic() + 120
    while not state().startswith("paused"):
        check(time.monotonic() < end, f"the node is {state()}")
        time.sleep(0.5)
    place.vmlab("status", LAB).expect(0, "paused")
    place.inside("rm", labs / "filler").expect()
    place.vmlab(*UP, timeout=300).expect(0, "is up")
    # A guest has no inotify tool; half a second is nothing beside what an emulated one takes to write.
    place.guest(LAB, address, "until [ -e /root/whole ]; do sleep 0.5; done; "
                "[ $(stat -c %s /root/written) = 67108864 ]", timeout=120).expect()
    equal(place.guest(LAB, address, "cat /proc/sys/kernel/random/boot_id").expect().out, boot,
          "boot id")


def down():
    place.end(LAB, "umount", labs)


if __name__ == "__main__":
    main(globals())
