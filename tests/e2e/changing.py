"""A lab that stands is changed: nodes come and go, one is restarted, and what no lab owns is removed.
On the lab of plain.py, which is left as it was found."""

import json

from place import ROOT, VMLAB, Place, check, equal, main, say

LAB = "plain"
NETWORK = "lost"
TOPOLOGIES = ROOT / "tests" / "e2e" / "topologies"
BEFORE, MORE = TOPOLOGIES / "plain.yaml", TOPOLOGIES / "plain-more.yaml"
place = Place("plain")


def on(node, command, timeout=60):
    return place.vmlab("ssh", node, "--lab", LAB, "--", command, timeout=timeout).expect().out


def boot(node):
    return on(node, "cat /proc/sys/kernel/random/boot_id")


def count():
    """A node more, by a file and a count that `--set` changes; then back, which takes `--prune`."""
    first = boot("box")
    result = place.vmlab("up", MORE, "--set", "more.count=1", timeout=900).expect(0, "is up")
    say(f"e2e: `up` with one plain node more took {result.took:.0f} s")
    equal(place.domains(), ["plain-box", "plain-more-1"], "domains with one node more")
    equal(on("more-1", "getent hosts box | wc -l; hostname"), "1\nmore-1\n", "names that it knows")
    check("more-1" in on("box", "getent hosts more-1"), "the first node knows the new one")
    # The count of then is remembered, and only what is said anew changes.
    steps = json.loads(place.vmlab("plan", LAB, "--json").expect().out)["steps"]
    equal(steps, [], "steps to the lab as it was wanted")
    plan = place.vmlab("plan", LAB, "--set", "more.count=2").expect(0, "more-2").out
    check("box" not in plan.replace("plain-box", ""), f"steps on a node that stays:\n{plan}")

    place.vmlab("up", BEFORE, timeout=300).expect(0, "more-1")
    equal(place.domains(), ["plain-box", "plain-more-1"], "domains without --prune")
    place.vmlab("up", BEFORE, "--prune", timeout=300).expect(0, "is up")
    equal(place.domains(), ["plain-box"], "domains after --prune")
    equal(sorted(path.name for path in place.lab_dir(LAB).glob("more*")), [], "files after --prune")
    equal(boot("box"), first, "boot of the node that stayed")
    place.vmlab("up", BEFORE).expect(0, "nothing to do")


def restart():
    """The node boots anew and keeps its disk; it is back when `restart` ends."""
    before = boot("box")
    on("box", "touch /root/kept")
    result = place.vmlab("restart", "box", "--lab", LAB, timeout=600).expect()
    say(f"e2e: `restart` of a plain node took {result.took:.0f} s")
    check(boot("box") != before, "it booted anew")
    equal(on("box", "rm -v /root/kept"), "removed '/root/kept'\n", "file on its disk")
    place.vmlab("up", BEFORE).expect(0, "nothing to do")


def leftovers():
    """A network whose lab is gone, and an installer that no lab installs from."""
    def define(state):
        place.inside("virsh", "-q", "-c", "qemu:///system", "net-define", "/dev/stdin", input=f"""
            <network><name>{NETWORK}</name><uuid>5a0f4c0e-3a43-4b44-9d0f-6f2b7d1c9e11</uuid>
              <metadata><v:lab xmlns:v="urn:vmlab:1" name="{NETWORK}" hash="x" state="{state}"/></metadata>
              <bridge name="vl-{NETWORK}"/><ip address="192.168.250.1" prefix="24"/></network>""").expect()

    define("/another/state/directory")
    place.vmlab("gc", "--dry-run").expect(0, "nothing is left over")
    define(place.state)
    release = place.state / "releases" / "0123456789abcdef.sh"
    release.parent.mkdir(exist_ok=True)
    release.touch()
    found = json.loads(place.vmlab("gc", "--dry-run", "--json").expect().out)
    equal([left["network"] for left in found["leftovers"]], [NETWORK], "networks left over")
    equal(found["releases"], [str(release)], "releases left over")
    check(NETWORK in place.networks() and release.exists(), "--dry-run removes nothing")
    place.vmlab("gc").expect(0, NETWORK, str(release))
    equal(place.networks(), ["plain"], "networks after `gc`")
    check(not release.exists(), "the release is gone")
    release.parent.rmdir()


def units():
    """A unit that the node has not is named, with one that it has."""
    result = place.vmlab("logs", "box", "--lab", LAB, "--unit", "dockr").expect(2, "no unit 'dockr' on box")
    check("did you mean 'docker'?" in result.err, f"a suggestion in\n{result}")
    place.vmlab("logs", "box", "--lab", LAB, "--unit", "ssh").expect(0, "ssh: ")
    # Who has read enough ends what would go on for ever.
    for words in ("exec box -- yes", "logs box --follow"):
        place.inside("bash", "-c", f"{VMLAB} {words} | head -1", timeout=60).expect(0, "\n")


if __name__ == "__main__":
    main(globals())
