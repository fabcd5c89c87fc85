"""A node whose image is against it: firewalld runs, SELinux enforces, the clock is wrong. The
fragments must put it right. The same node serves to test the lock, Ctrl-C and going on."""

import shutil
import time

import sampler
from place import Place, ROOT, check, equal, main, record, say

LAB = "hostile"
TOPOLOGY = ROOT / "tests" / "e2e" / "topologies" / "hostile.yaml"
place = Place("hostile")


def in_guest(script, timeout=60):
    return place.guest(LAB, place.addresses(LAB)["node"], script, timeout)


def image():
    """The image is built where the distribution's mirror can be reached."""
    place.start()
    # A library of its own: the shipped one and this image.
    data = place.dir / "data"
    shutil.rmtree(data, ignore_errors=True)
    for part in ("images", "cloud-init"):
        shutil.copytree(ROOT / part, data / part)
    shutil.copy(ROOT / "tests" / "images" / "hostile.yaml", data / "images")
    place.env["VMLAB_DATA"] = str(data)
    result = place.outside("image", "build", "hostile", timeout=1200)
    place.keep_images()
    result.expect()
    say(f"e2e: hostile image took {result.took:.0f} s")


def up():
    """`up`; meanwhile another `up` is told who holds the lock; Ctrl-C; `up` goes on."""
    place.start()
    first = place.begin("up", TOPOLOGY)
    try:
        first.until("start", 600)
        second = place.vmlab("up", TOPOLOGY)
        second.expect(3, "vmlab")
        while not place.domains():
            first.wait(0.5)
        first.interrupt()
        stopped = first.end(60)
    finally:
        first.kill()
    stopped.expect(130)
    equal(place.domains(), [f"{LAB}-node"], "domains after Ctrl-C")
    result = place.vmlab("up", TOPOLOGY, timeout=1200)
    if result.code != 0:
        place.keep_evidence(LAB)
    result.expect()
    say(f"e2e: hostile node took {result.took:.0f} s")


def firewalld():
    """It does not run, and will not after a reboot."""
    equal(in_guest("systemctl is-active firewalld").out.strip() == "active", False, "firewalld runs")
    state = in_guest("systemctl is-enabled firewalld").out.strip()
    check(state in ("masked", "disabled"), f"firewalld is {state}")
    rules = in_guest("iptables-save; nft list ruleset").out
    check("firewalld" not in rules, f"firewalld's rules are still there:\n{rules}")


def selinux():
    """The kernel enforced when it had booted; now it is permissive, and so is the configuration."""
    equal(in_guest("sed -n 's/^SELINUX=//p' /etc/selinux/config").out.strip(), "permissive",
          "SELINUX in /etc/selinux/config")
    equal(in_guest("cat /sys/fs/selinux/enforce").expect().out.strip(), "0", "SELinux enforces")
    check(in_guest("journalctl -k -q -o cat -g 'enforcing=0 old_enforcing=1'").out,
          "the kernel's log does not tell that it was made permissive")


def clock():
    """It was years off; now it is the host's, within what two TCG guests differ."""
    result = in_guest("date +%s; cat /etc/vmlab-test-wrong-clock").expect()
    off = int(result.out.split()[0]) - time.time()
    check(abs(off) < 60, f"the guest's clock is {off:.0f} s off")


def docker():
    equal(in_guest("docker info -f '{{.Driver}}'").expect().out.strip(), "overlay2", "driver")


def idle():
    """What an idle node of 8 GiB costs the host."""
    sizes = sampler.resident_mib(LAB)
    equal(list(sizes), [f"{LAB}-node"], "guests")
    record(idle_plain_mib=sizes[f"{LAB}-node"])


def down():
    place.end(LAB)


if __name__ == "__main__":
    main(globals())
