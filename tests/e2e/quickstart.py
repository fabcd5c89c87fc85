"""./quickstart itself: the six-node lab with the practice release, booted once; every other test
here looks at that one lab, mostly from inside its guests."""

import functools
import json
import os
import shutil
import statistics
import sys
from concurrent import futures
from xml.etree import ElementTree

import sampler
from place import BUILD, ROOT, VMLAB, Place, check, equal, link_images, main, record, run, say
from place import CACHE, FIGURES

sys.path.insert(0, str(ROOT / "tests" / "pages"))
from browser import Browser, View  # noqa: E402

LAB = "quickstart"
MASTERS = ["master-1", "master-2", "master-3"]
AGENTS = ["agent-1", "public-1"]
NODES = ["bootstrap", *MASTERS, *AGENTS]
TOPOLOGY = ROOT / "topologies" / "quickstart.yaml"
GIB = 1024 * 1024  # in KiB
PAGE = BUILD / "quickstart-report.html"  # of the run that made the lab

# Tests that revert no node: its connections last.
LOOKING = ["docker", "clock", "memory", "names", "disks", "zookeeper", "order", "copy", "export"]

place = Place("quickstart")
quickstart_env = {"VMLAB_QUICKSTART_DIR": str(place.dir)}


def quickstart(*words, timeout=120):
    return run([ROOT / "quickstart", *words], timeout, quickstart_env)


def history():
    """[(id, begun, ended, result)] in seconds since 1970, of all runs on this lab."""
    entries = []
    for line in (place.lab_dir(LAB) / "history").read_text().splitlines():
        begun, took, step, result = line.split("\t")
        entries.append((step, int(begun) / 1000, (int(begun) + int(took)) / 1000, result))
    return entries


def steps(prefix):
    found = [entry for entry in history() if entry[0].startswith(prefix) and entry[3] == "done"]
    check(found, f"no step {prefix}… in the history")
    return found


@functools.cache
def addresses():
    return place.addresses(LAB)


def in_guest(name, script, timeout=60):
    return place.guest(LAB, addresses()[name], script, timeout).expect()


def up():
    """From nothing to a cluster; what it costs is written down for the benchmarks: a restore is compared
    with it."""
    FIGURES.unlink(missing_ok=True)  # of an earlier run: a test that fails must not be told by them
    link_images(CACHE, place.state / "images")
    with sampler.Sampler(VMLAB, "up", LAB) as samples:
        result = quickstart("up", timeout=2400)
    place.keep_images()
    say(f"e2e: quickstart took {result.took:.0f} s")
    if result.code != 0:
        place.keep_evidence(LAB)
    result.expect(0, "master-1", "http://")
    print(result)
    place.vmlab("report", LAB, "-o", PAGE).expect()
    check("is booted" not in result.out + result.err, "a node was booted, not forked")
    equal(len(steps("fork/")), len(NODES), "nodes that were forked")
    record(
        nodes=len(NODES), up_s=result.took,
        # without images, which are built where there are none yet
        up_lab_s=max(entry[2] for entry in history()) - min(entry[1] for entry in history()),
        up_own_cpu_s=sum(one["cpu_s"] for one in samples.runs.values()),
        up_peak_mib=max(one["peak_mib"] for one in samples.runs.values()))


def status():
    """`./quickstart -- CMD` runs in the same place; status says that every node is installed."""
    result = quickstart("--", "vmlab", "status", LAB, "--probe", "--json").expect()
    nodes = {node["name"]: node for node in json.loads(result.out)["nodes"]}
    equal(sorted(nodes), sorted(NODES), "nodes")
    for name, node in nodes.items():
        equal((name, node["phase"], node["reached"]), (name, "installed", True), "node")
    # Without asking them: the same, at once.
    remembered = json.loads(place.vmlab("status", LAB, "--json").expect().out)["nodes"]
    equal({node["name"]: node["phase"] for node in remembered},
          {name: node["phase"] for name, node in nodes.items()}, "phases that are remembered")
    table = quickstart("--", "vmlab", "status").expect().out
    for name in NODES:
        check(name in table, f"{name} is missing in\n{table}")


def pictures():
    """The page of the run that made the lab, and the lab drawn in every format, by real readers."""
    page, drawn = PAGE, place.dir / "graph.html"
    equal(page.stat().st_mode & 0o777, 0o600, "mode of a page that may hold evidence")
    place.vmlab("graph", LAB, "--format", "html", "-o", drawn).expect()
    with Browser() as browser:
        for path in (page, drawn):
            view = View(browser, path)
            equal(view.complaints(), [], f"complaints about {path.name}")
            words = view.value("document.body.innerText")
            for name in NODES:
                check(name in words, f"{name} is missing in {path.name}:\n{words}")
    report = page.read_text()
    check("\u2713 done" in report, "the run that made the lab is not done")
    for node in NODES:
        check(f"<b>{node}</b>" in report, f"no line of time for {node}")
    svg = ElementTree.fromstring(place.vmlab("graph", LAB).expect().out)
    words = [element.text for element in svg.iter() if element.tag.endswith("}text")]
    equal(words.count("running \u00b7 installed"), len(NODES), "nodes that are drawn as installed")
    dot = place.vmlab("graph", LAB, "--format", "dot").expect().out
    run(["dot", "-Tsvg"], input=dot).expect(0, "running \u00b7 installed")
    place.vmlab("graph", LAB, "--format", "mermaid").expect(0, "master-1<br/>")


def docker():
    """Docker with overlay2 runs a container on a master and an agent, from an image that needs no
    registry; on the bootstrap one serves the installation."""
    script = """set -e
docker image inspect nginx >/dev/null 2>&1 || docker load -q -i /var/lib/vmlab/images/nginx.tar
docker run --rm --network none nginx nginx -v 2>&1
"""

    def look(name):
        equal(in_guest(name, "docker info -f '{{.Driver}}'").out.strip(), "overlay2",
              f"storage driver on {name}")
        out = in_guest(name, script, 240).out
        check("nginx version:" in out, f"a container on {name} says {out!r}")

    with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(look, ["master-1", "agent-1"]))


def clock():
    """The kernel's own word on the clock, as DC/OS asks for it: adjtimex, STA_UNSYNC. The bootstrap
    is the lab's source of time and has none itself here."""
    script = """exec python3 - <<'END'
import ctypes
timex = ctypes.create_string_buffer(512)
state = ctypes.CDLL(None).adjtimex(timex)
status = ctypes.c_int.from_buffer(timex, 40).value
print(state != 5 and not status & 0x40)
END
"""
    bootstrap = addresses()["bootstrap"]
    for name in MASTERS + AGENTS:
        equal(in_guest(name, script).out.strip(), "True", f"kernel's clock is synchronised on {name}")
        sources = in_guest(name, "chronyc -n sources").out
        check(f"^* {bootstrap}" in sources, f"{name} does not follow the bootstrap:\n{sources}")


def memory():
    """8 GiB, as libvirt defines it and as the guest sees it."""
    for name in NODES:
        info = place.virsh("dominfo", f"{LAB}-{name}")
        line = next(line for line in info.splitlines() if line.startswith("Max memory"))
        equal(int(line.split()[2]), 8 * GIB, f"memory of domain {name} in KiB")
        seen = int(in_guest(name, "awk '/^MemTotal/ {print $2}' /proc/meminfo").out)
        check(7.6 * GIB < seen <= 8 * GIB, f"{name} sees {seen} KiB of memory")


def names():
    """Each node resolves every other, short and in full, by the network's name server."""
    known = addresses()
    domain = in_guest("bootstrap", "hostname -d").out.strip()
    check("." in domain, f"domain of the bootstrap is {domain!r}")
    script = "".join(
        f"echo {short} $(getent ahostsv4 {short} | awk '{{print $1; exit}}')\n"
        for name in NODES for short in (name, f"{name}.{domain}"))
    for name in NODES:
        equal(in_guest(name, "hostname").out.strip().partition(".")[0], name, "host name")
        found = dict(line.split() for line in in_guest(name, script).out.splitlines()
                     if len(line.split()) == 2)
        for other in NODES:
            for form in (other, f"{other}.{domain}"):
                if other == name:  # the distribution's own entry for itself may be 127.0.1.1
                    check(form in found, f"{name} does not resolve {form}")
                else:
                    equal(found.get(form), known[other], f"{form} as seen from {name}")


def disks():
    """Data disks of the topology are mounted where it says, at their size, on ext4 or XFS."""
    out = in_guest("agent-1", "findmnt -no SOURCE,FSTYPE,SIZE -b /var/lib/mesos").out.split()
    check(out[0].startswith("/dev/vd"), f"/var/lib/mesos on agent-1 is on {out[0]}")
    check(out[1] in ("ext4", "xfs"), f"/var/lib/mesos on agent-1 is {out[1]}")
    root = in_guest("agent-1", "findmnt -no SOURCE /").out.strip()
    check(out[0] != root, "/var/lib/mesos is on the root disk")
    size = int(in_guest("master-1", "findmnt -bno SIZE /").out)
    check(size > 18 * 2**30, f"root file system of master-1 has not grown: {size} bytes")


def zookeeper():
    """A real ensemble: one leader, two followers, by the four-letter word."""
    equal(modes(), ["follower", "follower", "leader"], "modes of the ensemble")


def agents():
    """Every agent registered at the leading master, which Admin Router leads to from the host."""
    known = addresses()
    url = f"http://{known['master-2']}/mesos/slaves"
    reply = json.loads(place.inside("curl", "-fsSL", "--max-time", "60", url).expect().out)
    found = sorted(slave["hostname"] for slave in reply["slaves"] if slave.get("active", True))
    equal(found, sorted(known[name] for name in AGENTS), "registered agents")


def order():
    """Masters were installed in parallel; agents' install began after the quorum was complete."""
    masters = steps("dcos/install/master-")
    equal(len(masters), 3, "installs of masters")
    check(max(entry[1] for entry in masters) < min(entry[2] for entry in masters),
          "masters were not installed in parallel")
    quorum = max(entry[2] for entry in history()
                 if entry[3] == "done" and entry[0] in ("gate/exhibitor", "gate/zookeeper-quorum"))
    check(quorum > max(entry[2] for entry in masters), "the quorum's gate passed before the masters")
    for name in AGENTS:
        begun = min(entry[1] for entry in history() if entry[0] == f"dcos/install/{name}")
        check(begun >= quorum, f"{name}'s install began {quorum - begun:.1f} s before the quorum")
        # And by the guests' own clocks, which follow one another.
        mark = in_guest(name, f"stat -c %Y /var/lib/vmlab/done/dcos.install.{name}").out
        check(int(mark) >= quorum - 5, f"mark of {name}'s install is older than the quorum")


def endpoints():
    """Every endpoint that vmlab names answers."""
    out = place.vmlab("endpoints", LAB).expect().out
    urls = sorted({word for word in out.split() if word.startswith("http://")})
    check(len(urls) >= 4, f"few endpoints in\n{out}")
    for url in urls:
        code = place.inside("curl", "-sSL", "-o", "/dev/null", "-w", "%{http_code}",
                            "--max-time", "60", url, timeout=90).expect().out
        check(code in ("200", "401"), f"{url} answers {code}")


def everywhere():
    """One command on all nodes at once costs little more than on the slowest one alone."""
    result = place.vmlab("exec", "*", "--lab", LAB, "--", "hostname; exit 0").expect()
    for name in NODES:
        check(any(line.startswith(name) and line.rstrip().endswith(name)
                  for line in result.out.splitlines()), f"no line of {name} in\n{result}")
    place.vmlab("exec", "master-*", "--lab", LAB, "--", "exit 3").expect(1, "exit 3", "3 of 3")
    ratios = []
    for _ in range(3):
        begun = place.vmlab("exec", "*", "--lab", LAB, "--json", "--",
                            "sleep 5").expect()  # not a wait: the command that is timed
        answers = json.loads(begun.out)
        equal(answers["failed"], 0, "nodes that failed")
        ratios.append(begun.took / (max(node["took_ms"] for node in answers["nodes"]) / 1000))
    say(f"e2e: exec on {len(NODES)} nodes takes {sorted(ratios)[1]:.2f} x the slowest of them")
    record(exec_ratio=sorted(ratios)[1])


def copy():
    """A tree goes to a node and comes back as it was."""
    tree, back = place.dir / "tree", place.dir / "back"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.rmtree(back, ignore_errors=True)
    (tree / "deep er" / "empty").mkdir(parents=True)
    (tree / "it's one").write_text("x\n")
    (tree / "deep er" / "large").write_bytes(os.urandom(3_000_000))
    (tree / "deep er" / "large").chmod(0o750)
    in_guest("agent-1", "rm -rf /srv/tree")
    place.vmlab("cp", tree, "agent-1:/srv/", "--lab", LAB).expect(0, "copied 2 files")
    place.vmlab("cp", "agent-1:/srv/tree", back, "--lab", LAB).expect(0, "copied 2 files")
    run(["diff", "-r", tree, back]).expect()
    equal((back / "deep er" / "large").stat().st_mode & 0o777, 0o750, "mode")
    place.vmlab("cp", "agent-1:/no/such", back, "--lab", LAB).expect(1, "/no/such")
    place.vmlab("cp", "/no/such", "agent-1:", "--lab", LAB).expect(2, "/no/such")


def logs():
    """Journals: of one unit, and of all that the cluster consists of, in one order of time."""
    out = place.vmlab("logs", "master-1", "--lab", LAB, "-u", "dcos-exhibitor").expect().out
    check("dcos-exhibitor: " in out, f"no entry of the unit in\n{out}")
    result = place.vmlab("logs", "--lab", LAB, "--components", "-n", "50").expect(
        0, "dcos-exhibitor", "dcos-mesos-slave-public")
    times = [line[:23] for line in result.out.splitlines() if not line.startswith(" ")]
    check(len(times) > 50, f"few entries in\n{result}")
    equal(times, sorted(times), "order of the entries")
    for name in MASTERS + AGENTS:
        check(f" {name} " in result.out.replace("  ", " "), f"nothing of {name} in\n{result.out}")


def export():
    """Other tools reach the nodes by what is exported: OpenSSH and Ansible themselves."""
    config, inventory = place.dir / "ssh.conf", place.dir / "inventory.yaml"
    place.vmlab("export", "ssh-config", LAB, "-o", config).expect()
    domain = in_guest("bootstrap", "hostname -d").out.strip()
    for name in ("master-1", f"agent-1.{domain}"):
        out = place.inside("ssh", "-F", config, name, "hostname").expect().out
        equal(out.strip().partition(".")[0], name.partition(".")[0], "host name")
    place.vmlab("export", "ansible", LAB, "-o", inventory).expect()
    out = place.inside("env", f"ANSIBLE_LOCAL_TEMP={place.dir}/ansible", "ANSIBLE_NOCOLOR=1",
                       "ansible", "-i", inventory, "masters:agents_public", "-m", "ping",
                       timeout=240).expect().out
    equal(out.count("SUCCESS"), len(MASTERS) + 1, f"answers in\n{out}")
    hosts = place.vmlab("export", "hosts", LAB).expect().out
    for name, address in addresses().items():
        check(f"{address} " in hosts and f"{name}.{domain} {name}\n" in hosts, hosts)
    out = run(["bash", "-c", 'eval "$1"; echo "$VMLAB_ADDRESS_MASTER_1"', "-",
               place.vmlab("export", "env", LAB).expect().out]).expect().out
    equal(out.strip(), addresses()["master-1"], "VMLAB_ADDRESS_MASTER_1")
    place.vmlab("export", "hosts", LAB, "-o", "/no/such/file").expect(2, "/no/such")


def cluster():
    """What DC/OS' own command line would tell of nodes and services."""
    nodes = json.loads(place.vmlab("nodes", LAB, "--json").expect().out)
    known = addresses()
    found = {node["ip"]: node["type"] for node in nodes}
    equal(sorted(found), sorted(known[name] for name in MASTERS + AGENTS), "addresses of nodes")
    equal(found[known["public-1"]], "agent (public)", "type of public-1")
    kinds = sorted(found[known[name]] for name in MASTERS)
    equal(kinds, ["master (leader)", "master (standby)", "master (standby)"], "types of masters")
    services = json.loads(place.vmlab("services", LAB, "--json").expect().out)
    check(any(service["name"] == "marathon" for service in services), f"no marathon in {services}")


def again():
    """A second `up` finds nothing to do, soon."""
    before = len(history())
    took = []
    for _ in range(3):
        result = place.vmlab("up", TOPOLOGY).expect()
        took.append(result.took)
    quickstart(timeout=300).expect(0, "nothing to do")
    equal(len(history()), before, "steps in the history after `up` again")
    plan = json.loads(place.vmlab("plan", TOPOLOGY, "--json").expect().out)
    equal(plan["steps"], [], "steps that are missing")
    record(again_s=sorted(took)[1])
    record(idle_mib=sorted(sampler.resident_mib(LAB).values()))


def disk_kib():
    """What the lab's disks take, allocated."""
    return sum(path.stat().st_blocks for path in place.lab_dir(LAB).glob("*.qcow2")) // 2


def modes():
    found = []
    for name in MASTERS:
        out = in_guest(name, "exec 3<>/dev/tcp/127.0.0.1/2181; echo srvr >&3; cat <&3").out
        found += [line.split()[1] for line in out.splitlines() if line.startswith("Mode:")]
    return sorted(found)


def step_seconds(step):
    """How long the latest one of that id took."""
    took = [entry[2] - entry[1] for entry in history() if entry[0] == step and entry[3] == "done"]
    check(took, f"no step {step} in the history")
    return took[-1]


def checkpoint():
    """`up` has saved one; another is saved, listed, and deleted; guests pause for some seconds."""
    before = place.vmlab("checkpoint", "list", "--lab", LAB, "--json").expect().out
    found = {one["name"]: one for one in json.loads(before)["checkpoints"]}
    check(found["installed"]["whole"], f"`up` has saved none that is whole:\n{before}")
    equal(sorted(found["installed"]["nodes"]), sorted(NODES), "nodes in `installed`")
    place.vmlab("checkpoint", "save", "mine", "--lab", LAB, timeout=300).expect()
    record(save_s=step_seconds("checkpoint/mine"))
    place.vmlab("checkpoint", "save", "mine", "--lab", LAB).expect(1, "one of that name")
    place.vmlab("checkpoint", "list", "--lab", LAB).expect(0, "mine", "installed")
    place.vmlab("checkpoint", "delete", "mine", "--lab", LAB).expect()
    place.vmlab("checkpoint", "restore", "mine", "--lab", LAB).expect(2, "cannot find checkpoint")


def restore_in_a_row(times):
    """What was written since is gone, one leader each time, and the disks do not grow. [seconds]"""
    took, sizes = [], []
    for number in range(times):
        in_guest("agent-1", f"echo {number} >/root/written-since")
        result = place.vmlab("checkpoint", "restore", "installed", "--lab", LAB, timeout=300)
        if result.code != 0:
            place.keep_evidence(LAB)
        took.append(result.expect().took)
        equal(in_guest("agent-1", "ls /root/written-since 2>/dev/null || echo none").out.strip(),
              "none", "what was written after the checkpoint")
        equal(modes(), ["follower", "follower", "leader"], "modes of the ensemble")
        sizes.append(disk_kib())
    check(sizes[-1] < sizes[0] * 1.1 + 256 * 1024, f"the disks grow from restore to restore: {sizes}")
    say(f"e2e: {times} restores took {min(took):.0f} to {max(took):.0f} s each, the disks "
        f"{min(sizes)} to {max(sizes)} KiB")
    plan = json.loads(place.vmlab("plan", TOPOLOGY, "--json").expect().out)
    equal(plan["steps"], [], "steps that are missing after a restore")
    return took


def restore():
    """Several times in a row, as many as every run has time for."""
    record(restore_s=statistics.median(restore_in_a_row(3)))


def restore20():
    """As often as a day of integration tests would."""
    restore_in_a_row(20)


def power_cut():
    """All guests lose their power at once, as when the host does: `up` starts what was forked and
    installed, and the cluster finds itself."""
    for name in NODES:
        place.virsh("destroy", f"{LAB}-{name}")
    result = place.vmlab("up", TOPOLOGY, timeout=1200)
    if result.code != 0:
        place.keep_evidence(LAB)
    result.expect(0, "is up")
    say(f"e2e: after a power cut of all guests `up` took {result.took:.0f} s")
    equal(modes(), ["follower", "follower", "leader"], "modes of the ensemble")
    agents()
    equal(json.loads(place.vmlab("plan", TOPOLOGY, "--json").expect().out)["steps"], [],
          "steps that are missing after a power cut")


def reset():
    """An agent goes back and is installed again: same key, same address, gone in Mesos and back. Then
    once more the long way, by booting, to compare."""
    before = in_guest("public-1", "cat /etc/ssh/ssh_host_ed25519_key.pub /etc/hostname").out
    place.vmlab("reset", "master-1", "master-2", "--lab", LAB).expect(1, "quorum")
    result = place.vmlab("reset", "public-1", "--lab", LAB, timeout=600).expect()
    say(f"e2e: reset of a node took {result.took:.1f} s\n{result.err}")
    equal(in_guest("public-1", "cat /etc/ssh/ssh_host_ed25519_key.pub /etc/hostname").out, before,
          "host key and name after a reset")
    equal(in_guest("public-1", "ls -d /opt/mesosphere 2>/dev/null || echo none").out.strip(), "none",
          "what was installed on a node that was reset")
    cold = place.vmlab("reset", "public-1", "--cold", "--lab", LAB, timeout=900).expect()
    say(f"e2e: reset of a node by booting it took {cold.took:.1f} s")
    record(reset_s=result.took, cold_s=cold.took)
    equal(in_guest("public-1", "cat /etc/ssh/ssh_host_ed25519_key.pub /etc/hostname").out, before,
          "host key and name after a reset --cold")
    place.vmlab("up", TOPOLOGY, timeout=600).expect()
    agents()


def test():
    """`vmlab test`: restored before and after, the command's code kept, a report written."""
    report = place.dir / "report.xml"
    script = 'test "$VMLAB_LAB" = quickstart && test -s "$VMLAB_SSH_CONFIG" && ' \
             'test -s "$VMLAB_INVENTORY" && echo masters: $MASTER_HOSTS && exit 7'
    result = place.vmlab("test", LAB, "--junit", report, "--", "sh", "-c", script, timeout=600)
    result.expect(7, "masters: " + ",".join(addresses()[name] for name in MASTERS), "0 of 1 passed")
    text = report.read_text()
    check('failures="1"' in text and "ended with 7" in text, f"report:\n{text}")
    status()


def killed():
    """Of two runs on one lab the second ends with 3 and names the first. kill -9 of the first while
    nodes are being reverted: the next `up` ends what was begun."""
    first = place.begin("checkpoint", "restore", "installed", "--lab", LAB)
    try:
        first.until("started", 120)
        place.vmlab("up", TOPOLOGY).expect(3, "checkpoint restore installed")
        first.until("started   restore checkpoint", 120)
    finally:
        first.kill()
    report = place.vmlab("report", LAB).expect().out
    check("vmlab checkpoint restore" in report and "cut off" in report, report)
    result = place.vmlab("up", TOPOLOGY, timeout=600)
    result.expect(0, "was cut off")
    equal(modes(), ["follower", "follower", "leader"], "modes of the ensemble")
    check(not (place.lab_dir(LAB) / "intent").exists(), "what was begun is still noted")


def faults():
    """A guest powered off, a guest paused, a domain undefined by hand: `up` does what is missing."""
    place.virsh("suspend", f"{LAB}-agent-1")
    place.vmlab("up", TOPOLOGY, timeout=600).expect(0, "is up")
    place.virsh("destroy", f"{LAB}-public-1")
    place.virsh("undefine", f"{LAB}-public-1", "--snapshots-metadata")
    place.vmlab("up", TOPOLOGY, timeout=900).expect(0, "is up")
    agents()


def down():
    """Removes everything: first by vmlab, looked at from outside, then by ./quickstart down."""
    if place.running():
        result = place.vmlab("down", LAB, timeout=300).expect()
        equal(place.leftovers(), [], "left over after `vmlab down`")
        print(result)
    quickstart("down", timeout=300).expect()
    for own in (place.state, place.sandbox_dir):
        check(not own.exists(), f"{own} is still there")
    shutil.rmtree(place.dir, ignore_errors=True)  # what the tests have put there is left to them
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = " ".join(sampler.command_line(pid))
        except OSError:
            continue
        check(str(BUILD / "quickstart") not in words, f"process {pid} is still there: {words}")


def cold():
    """The same lab with every node booted, the image there: what forking and restoring are compared
    with. Needs no lab of before, and leaves none."""
    place.start()
    try:
        result = place.vmlab("up", TOPOLOGY, "--boot", "cold", timeout=2400)
        if result.code != 0:
            place.keep_evidence(LAB)
        result.expect(0, "is up")
        say(f"e2e: quickstart with every node booted took {result.took:.0f} s")
        equal([entry for entry in history() if entry[0].startswith("fork/")], [], "nodes forked")
        equal(modes(), ["follower", "follower", "leader"], "modes of the ensemble")
        record(cold_up_s=result.took)
    finally:
        place.end(LAB)


if __name__ == "__main__":
    place.keep_logins = sys.argv[1] in LOOKING
    main(globals())
