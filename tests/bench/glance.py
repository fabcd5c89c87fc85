"""What a look costs: `vmlab --help`, `vmlab status` of a lab of 50 nodes that libvirt knows, and the
completion of their names, against the limits. The domains are only defined: nothing boots, and no node is asked."""

import json
import pathlib
import statistics
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from place import Place, check, equal, say  # noqa: E402

LAB, NODES, RUNS = "glance", 50, 9
LOOK_S, COMPLETION_S = 0.15, 0.05
NOISE = 2.5  # on a machine that others use too
TOPOLOGY = f"""name: {LAB}
image: debian-12
network: {{cidr: 192.168.200.0/24}}
allow_small_memory: true
defaults: {{memory: 1GiB}}
nodes:
  bootstrap: {{role: bootstrap}}
  master: {{role: master, count: 3}}
  agent: {{role: agent, count: {NODES - 4}}}
install: {{dcos: {{release: {{path: installer.sh}}}}}}
"""
DOMAIN = """<domain type='qemu'><name>{lab}-{node}</name><uuid>{uuid}</uuid><metadata>
<vmlab:lab xmlns:vmlab='urn:vmlab:1' name='{lab}' node='{node}' hash='x'/></metadata>
<memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os>
<devices><disk type='file'><source file='{directory}/{node}.qcow2'/><target dev='vda' bus='virtio'/></disk>
</devices></domain>
"""


def names():
    return ["bootstrap", *(f"master-{i + 1}" for i in range(3)),
            *(f"agent-{i + 1}" for i in range(NODES - 4))]


def fill(place):
    """As `up` leaves it: domains with labels, the topology's place, a history."""
    directory = place.lab_dir(LAB)
    directory.mkdir(parents=True, exist_ok=True)
    topology = place.dir / "glance.yaml"
    topology.write_text(TOPOLOGY)
    (directory / "topology").write_text(f"{topology}\n")
    (directory / "history").write_text("".join(
        f"1000\t2000\t{step}/{node}\tdone\n" for node in names()
        for step in ("overlay", "start", "gate/ssh", "gate/cloud-init", "dcos/install")))
    script = []
    for node in names():
        xml = place.dir / f"{node}.xml"
        xml.write_text(DOMAIN.format(lab=LAB, node=node, uuid=uuid.uuid4(), directory=directory))
        script.append(f"define {xml}")
    place.inside("virsh", "-q", "-c", "qemu:///system", input="\n".join(script) + "\n").expect()
    equal(len(place.domains()), NODES, "domains")


def median_s(place, *words):
    # The sandbox's own entry is not the program's.
    entry = statistics.median(place.inside("true").took for _ in range(RUNS))
    took = statistics.median(place.vmlab(*words).expect().took for _ in range(RUNS))
    return max(0.0, took - entry)


def main():
    place = Place("glance").start()
    failed = False
    try:
        fill(place)
        nodes = json.loads(place.vmlab("status", LAB, "--json").expect().out)["nodes"]
        check(all(node["domain"] == "shut off" for node in nodes), "some domain is not seen")
        equal(len(nodes), NODES, "nodes")
        typed = ("__complete", "--", "ssh", "agent-")
        equal(len(place.vmlab(*typed).expect().out.splitlines()), NODES - 4, "names completed")
        for what, words, limit_s in ((f"`status` of {NODES} nodes", ("status", LAB), LOOK_S),
                                     ("`--help`", ("--help",), LOOK_S),
                                     (f"completion of {NODES} nodes' names", typed, COMPLETION_S)):
            value = median_s(place, *words)
            verdict = "ok" if value <= limit_s else "OVER THE LIMIT"
            failed = failed or value > limit_s * NOISE
            say(f"bench: {what:<52} {value:9.3f} s    limit {limit_s:9.3f}  {verdict}")
    finally:
        place.stop()
    sys.exit(failed)


if __name__ == "__main__":
    main()
