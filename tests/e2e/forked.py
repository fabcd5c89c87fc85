"""Six plain nodes, booted and then forked from a template's memory: what each way costs, that no two
are alike, and that a forked node is what a booted one is."""

import json
import os
import sys
from concurrent import futures

import sampler
from place import ROOT, VMLAB, Place, check, equal, main, record, say

LAB = "six"
TOPOLOGY = ROOT / "tests" / "e2e" / "topologies" / "six.yaml"
NODES = [f"node-{number}" for number in range(1, 7)]
# One line each, `what value`; what a node must not share with another.
OWN = """set -e
echo machine-id $(cat /etc/machine-id)
echo host-key $(cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub)
echo host-name $(hostname -f)
echo address $(ip -4 -o address show dev eth0 | awk '{print $4}')
echo link $(cat /sys/class/net/eth0/address)
echo boot-id $(cat /proc/sys/kernel/random/boot_id)
echo product-uuid $(cat /sys/class/dmi/id/product_uuid)
echo random $(head -c 16 /dev/urandom | base64)
echo uuid $(cat /proc/sys/kernel/random/uuid)
echo instance-id $(cat /var/lib/cloud/data/instance-id)
echo journal $(journalctl -q -F _MACHINE_ID) $(journalctl -q -F _BOOT_ID)
echo dhcp-identity $(networkctl status eth0 | sed -n 's/.*DHCPv6 Client DUID: //p') $(hostname)
"""
# What a booted node and a forked one have in common: files, units, mounts, users.
SHAPE = """set -e
systemctl is-system-running --wait >/dev/null || :  # cloud-init's result is there before its last unit is active
find /etc /usr/local /var/lib/vmlab -xdev ! -path '*/ssl/certs/*' -printf '%M %u %p\\n' | sort
systemctl list-units --no-legend --plain --state=active --type=service,socket,target,mount |
  awk '{print "unit", $1}' | sort
awk '{print "mount", $2, $3}' /proc/mounts | sort
cut -d: -f1,3,7 /etc/passwd
systemctl --failed --no-legend --plain
cat /etc/chrony/chrony.conf /etc/ssh/sshd_config /etc/resolv.conf /etc/fstab
"""
place = Place("forked")


def in_guest(name, script, timeout=120):
    return place.guest(LAB, place.addresses(LAB)[name], script, timeout).expect().out


def steps():
    """{id: (begun, ended)} in seconds, the latest of each."""
    found = {}
    for line in (place.lab_dir(LAB) / "history").read_text().splitlines():
        begun, took, step, result = line.split("\t")
        if result == "done":
            found[step] = int(begun) / 1000, (int(begun) + int(took)) / 1000
    return found


def disk_mib():
    """What the nodes' own disks take, allocated."""
    files = [place.lab_dir(LAB) / f"{name}.qcow2" for name in NODES]
    return sum(file.stat().st_blocks for file in files) / 2048 / len(NODES)


def took(begin):
    """Seconds from the first start of such a step to the last node's being prepared."""
    done = steps()
    first = min(begun for step, (begun, _) in done.items() if step.startswith(begin))
    return max(done[f"gate/cloud-init/{name}"][1] for name in NODES) - first


def booted():
    """The long way, for comparison; what such a node looks like is written down."""
    place.start()
    with sampler.Sampler(VMLAB, "up", LAB) as samples:
        result = place.vmlab("up", TOPOLOGY, "--boot", "cold", timeout=1200)
    place.keep_images()
    if result.code != 0:
        place.keep_evidence(LAB)
    result.expect()
    ended = max(steps()[f"gate/cloud-init/{name}"][1] for name in NODES)
    record(six_cold_s=took("start/"), six_nodes=len(NODES), six_cores=os.cpu_count(),
           six_guest_cpu_s=sum(samples.guest_cpu_at(ended).values()), six_cold_disk_mib=disk_mib())
    (place.dir / "booted").write_text(in_guest("node-1", SHAPE))
    place.vmlab("down", LAB, timeout=300).expect()


def forked():
    """From nothing but the image: a template is made once, and six nodes of it."""
    result = place.vmlab("up", TOPOLOGY, timeout=900)
    if result.code != 0:
        place.keep_evidence(LAB)
    result.expect()
    check("is booted" not in result.out + result.err, f"a node was booted:\n{result}")
    template = [span for step, span in steps().items() if step.startswith("template/")]
    equal(len(template), 1, "templates made")
    listed = json.loads(place.vmlab("image", "list", "--json").expect().out)
    equal(len(listed["templates"]), 1, f"templates in {listed}")
    record(six_template_s=template[0][1] - template[0][0], six_fork_s=took("fork/"),
           six_fork_disk_mib=disk_mib())
    resident = sampler.resident_mib(LAB)
    equal(len(resident), len(NODES), "guests")
    check(max(resident.values()) < 1024, f"forked nodes take memory that they do not use: {resident}")
    say(f"e2e: a template took {template[0][1] - template[0][0]:.1f} s, six nodes of it "
        f"{took('fork/'):.1f} s")


def alike():
    """No two of six, in anything that is a node's own."""
    found = {}
    for name in NODES:
        for line in in_guest(name, OWN).splitlines():
            what, _, value = line.partition(" ")
            check(value.strip(), f"{name} has no {what}")
            found.setdefault(what, {})[name] = value
    check(len(found) == 12, f"looked at {sorted(found)}")
    for what, values in found.items():
        check(len(set(values.values())) == len(NODES), f"{what} is the same on two nodes: {values}")
    uuids = {name: place.virsh("domuuid", f"{LAB}-{name}").strip() for name in NODES}
    equal({name: value.lower() for name, value in found["product-uuid"].items()}, uuids,
          "product_uuid as the node sees it, and libvirt's")
    with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        engines = list(pool.map(
            lambda name: in_guest(name, "docker info -f '{{.ID}}'", 240).strip(), NODES[-2:]))
    check(engines[0] and engines[0] != engines[1], f"engine IDs of Docker: {engines}")


def reset():
    """By fork: the disk is new, the identity is what it was."""
    before = in_guest("node-2", "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub")
    in_guest("node-2", "touch /root/written-since")
    result = place.vmlab("reset", "node-2", "--boot", "fork", "--lab", LAB, timeout=600).expect()
    record(fork_reset_s=result.took)
    say(f"e2e: reset of a node by forking it took {result.took:.1f} s")
    equal(in_guest("node-2", "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub; ls /root"),
          before, "identity, and what was written")


def reboot():
    """A forked node that boots is like one that never was forked."""
    place.vmlab("restart", "node-1", "--lab", LAB, timeout=600).expect()
    ours = set(in_guest("node-1", SHAPE).splitlines())
    theirs = set((place.dir / "booted").read_text().splitlines())
    equal(sorted(ours ^ theirs), [], "what differs between a booted node and a forked one")


def pruned():
    """A template outlives the nodes, until `image prune` finds that no lab lies on it."""
    place.vmlab("image", "prune").expect()
    equal(len(list(place.state.glob("templates/*/memory"))), 1, "templates that nodes lie on")
    place.vmlab("down", LAB, timeout=300).expect()
    equal(len(list(place.state.glob("templates/*/memory"))), 1, "templates after `down`")
    place.vmlab("image", "prune").expect()
    equal(list(place.state.glob("templates/*")), [], "templates after `image prune`")


def down():
    place.end(LAB)


if __name__ == "__main__":
    place.keep_logins = sys.argv[1] == "alike"
    main(globals())
