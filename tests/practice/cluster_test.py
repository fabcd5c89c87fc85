#!/usr/bin/python3
"""A cluster of the practice release on this machine: 3 masters and 2 agents, each in network, mount
and process namespaces of its own, installed by the release's own dcos_install.sh. Needs root.

cluster_test.py WORK    WORK: the build's practice/work folder (image tree)
"""
import json
import os
import shutil
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
MASTERS = ["10.99.0.9", "10.99.0.11", "10.99.0.100"]
AGENTS = {"10.99.0.21": "slave", "10.99.0.22": "slave_public"}
HOST = "10.99.0.1"
CONFIG = f"""
bootstrap_url: http://{HOST}:8080
cluster_name: Practice
master_discovery: static
exhibitor_storage_backend: static
master_list: {json.dumps(MASTERS)}
resolvers: [{HOST}]
oauth_enabled: false
check_time: false
"""
IP_DETECT = """#!/bin/sh
exec ip -4 -o addr show dev eth0 | sed 's/.* inet //; s|/.*||'
"""
PRIVATE = ["/opt", "/var/lib/dcos", "/var/lib/mesos", "/var/log", "/run", "/tmp"]


def run(*words, **kwargs):
    return subprocess.run([str(word) for word in words], check=True, **kwargs)


def chroot_genconf(image: Path, genconf: Path, *args):
    """The installer's container, without a container engine."""
    script = 'mount --bind "$1" "$0/genconf" && exec chroot "$0" "${@:2}"'
    return subprocess.run(
        [
            "unshare",
            "-m",
            "bash",
            "-c",
            script,
            image,
            genconf,
            "/opt/mesosphere/active/runtime/bin/python3",
            "-EsS",
            "/installer/genconf",
            *args,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )


def become_node(ip: str, role: str, scratch: str):
    """Runs in the node's namespaces: a private system, the installation, then waits for ever."""
    etc = f"{scratch}/{ip}/etc"
    os.makedirs(os.path.dirname(etc))
    run("cp", "-a", "/etc", etc)
    run("mount", "--make-rprivate", "/")
    run("mount", "--bind", etc, "/etc")
    run("mount", "--bind", HERE / "systemctl", "/usr/bin/systemctl")
    for folder in PRIVATE:
        os.makedirs(folder, exist_ok=True)
        run("mount", "-t", "tmpfs", "tmpfs", folder)
    run("curl", "-fsS", "-o", "/tmp/dcos_install.sh", f"http://{HOST}:8080/dcos_install.sh")
    run("bash", "/tmp/dcos_install.sh", "--disable-preflight", role)
    while True:
        os.wait()


class Cluster:
    """Namespaces, a web server for genconf/serve, and the nodes' processes."""

    def __init__(self, work: Path, scratch: Path):
        self.work, self.scratch, self.nodes = work, scratch, {}

    def generate(self):
        genconf = self.scratch / "genconf"
        genconf.mkdir()
        (genconf / "config.yaml").write_text(CONFIG)
        (genconf / "ip-detect").write_text(IP_DETECT)
        done = chroot_genconf(self.work / "image", genconf)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode())
        self.server = subprocess.Popen(
            [sys.executable, "-m", "http.server", "8080", "-d", str(genconf / "serve")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def connect(self):
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "br0", "type", "bridge")
        run("ip", "addr", "add", f"{HOST}/24", "dev", "br0")
        run("ip", "link", "set", "br0", "up")

    def start(self, number: int, ip: str, role: str):
        name = f"n{number}"
        run("ip", "netns", "add", name)
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        run("ip", "link", "set", name, "master", "br0", "up")
        run("ip", "-n", name, "addr", "add", f"{ip}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            run("ip", "-n", name, "link", "set", device, "up")
        log = open(self.scratch / f"{ip}.log", "wb")
        self.nodes[ip] = subprocess.Popen(
            [
                "ip",
                "netns",
                "exec",
                name,
                "unshare",
                "-m",
                "-p",
                "--fork",
                "--mount-proc",
                "--kill-child",
                sys.executable,
                __file__,
                "--node",
                ip,
                role,
                str(self.scratch),
            ],
            stdout=log,
            stderr=log,
        )

    def stop(self, ip: str):
        self.nodes.pop(ip).kill()


def get(url: str, data=None, timeout=5):
    """(status, body); redirections are not followed."""
    request = urllib.request.Request(url, data=json.dumps(data).encode() if data else None)
    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def value(url: str):
    status, body = get(url)
    if status != 200:
        raise OSError(f"{url} answers {status}: {body}")
    return json.loads(body)


class ClusterTest(unittest.TestCase):
    cluster = None

    def wait(self, what: str, condition, limit_s: int = 90):
        """Until condition() gives something true; its answer."""
        deadline, last = time.monotonic() + limit_s, None
        while time.monotonic() < deadline:
            try:
                if found := condition():
                    return found
                last = found
            except (OSError, ValueError, KeyError) as error:
                last = error
            time.sleep(0.3)
        self.fail(f"{what}: not within {limit_s} s; last: {last}")

    def leader(self) -> str:
        return self.wait("a leader", lambda: value(f"http://{MASTERS[0]}:5050/leader")["ip"])

    def test_1_quorum(self):
        def complete():
            status = value(f"http://{MASTERS[0]}:8181/exhibitor/v1/cluster/status")
            return (
                len(status) == 3
                and {s["hostname"] for s in status} == set(MASTERS)
                and all(s["code"] == 3 and s["description"] == "serving" for s in status)
                and sum(s["isLeader"] for s in status) == 1
                and status
            )

        self.wait("three masters serving", complete)
        states = [value(f"http://{ip}:8181/exhibitor/v1/cluster/state") for ip in MASTERS]
        self.assertEqual(sorted(s["isLeader"] for s in states), [False, False, True])

    def test_2_election(self):
        leader = self.leader()
        for ip in MASTERS:
            found = self.wait(
                f"{ip} has recovered",
                lambda ip=ip: (m := value(f"http://{ip}:5050/metrics/snapshot"))[
                    "registrar/log/recovered"
                ]
                == 1
                and m,
            )
            self.assertEqual(found["master/elected"], 1.0 if ip == leader else 0.0)
            self.assertEqual(
                value(f"http://{ip}:8123/v1/hosts/leader.mesos"),
                [{"host": "leader.mesos.", "ip": leader}],
            )
        follower = next(ip for ip in MASTERS if ip != leader)
        self.assertEqual(get(f"http://{follower}:5050/master/state")[0], 307)

    def test_3_agents(self):
        leader = self.leader()
        self.wait(
            "both agents",
            lambda: value(f"http://{leader}:5050/metrics/snapshot")["master/slaves_active"] == 2,
        )
        slaves = {s["hostname"]: s for s in value(f"http://{leader}:5050/master/slaves")["slaves"]}
        self.assertEqual(set(slaves), set(AGENTS))
        self.assertEqual(slaves["10.99.0.21"]["attributes"], {})
        self.assertEqual(slaves["10.99.0.22"]["attributes"], {"public_ip": "true"})
        for ip in AGENTS:
            self.assertEqual(value(f"http://{ip}:5051/metrics/snapshot")["slave/registered"], 1.0)

    def test_4_admin_router(self):
        leader = self.leader()
        for ip in MASTERS:
            base = f"http://{ip}"
            self.assertIn("practice release", self.wait("the page", lambda b=base: get(f"{b}/"))[1])
            self.assertEqual(
                value(f"{base}/dcos-metadata/dcos-version.json")["version"], "2.0.7-practice"
            )
            self.assertEqual(len(value(f"{base}/exhibitor/exhibitor/v1/cluster/status")), 3)
            self.assertEqual(value(f"{base}/mesos/master/state")["hostname"], leader)
            self.assertEqual(value(f"{base}/mesos_dns/v1/hosts/leader.mesos")[0]["ip"], leader)
            self.assertEqual(value(f"{base}/service/metronome/v1/jobs"), [])
            self.wait(
                "marathon's leader", lambda b=base: value(f"{b}/marathon/v2/leader")["leader"]
            )
            self.assertEqual(value(f"{base}/marathon/v2/info")["name"], "marathon")

    def test_5_health(self):
        def healthy():
            nodes = value(f"http://{MASTERS[0]}/system/health/v1/nodes?cache=0")["nodes"]
            return len(nodes) == 5 and all(n["health"] == 0 for n in nodes) and nodes

        nodes = self.wait("five healthy nodes", healthy)
        self.assertEqual(
            sorted(n["role"] for n in nodes), ["agent", "agent_public"] + ["master"] * 3
        )
        units = {u["id"] for u in value(f"http://{MASTERS[0]}:1050/system/health/v1")["units"]}
        self.assertLessEqual(
            {
                "dcos-exhibitor.service",
                "dcos-mesos-master.service",
                "dcos-marathon.service",
                "dcos-adminrouter.service",
                "dcos-net.service",
            },
            units,
        )

    def test_6_a_master_down(self):
        """The other two go on; a new leader is elected; the status says who is down."""
        leader = self.leader()
        survivors = [ip for ip in MASTERS if ip != leader]
        self.cluster.stop(leader)
        self.wait(
            "a new leader", lambda: value(f"http://{survivors[0]}:5050/leader")["ip"] in survivors
        )

        def down():
            status = value(f"http://{survivors[0]}:8181/exhibitor/v1/cluster/status")
            return {s["hostname"]: s["code"] for s in status} == {
                leader: 1,
                **{ip: 3 for ip in survivors},
            }

        self.wait("one master down", down)
        self.__class__.survivor = survivors[0]

    def test_7_mark_gone(self):
        """A marked agent is forgotten, and refused when it comes back."""
        base = f"http://{self.survivor}"
        slaves = self.wait(
            "both agents at the new leader",
            lambda: len(s := value(f"{base}/mesos/master/slaves")["slaves"]) == 2 and s,
        )
        agent = next(s for s in slaves if s["hostname"] == "10.99.0.21")["id"]
        call = {"type": "MARK_AGENT_GONE", "mark_agent_gone": {"agent_id": {"value": agent}}}
        self.assertEqual(get(f"{base}/mesos/api/v1", call)[0], 200)
        self.assertEqual(get(f"{base}/mesos/api/v1", call)[0], 404)
        self.wait(
            "one agent left", lambda: len(value(f"{base}/mesos/master/slaves")["slaves"]) == 1
        )

        def refused():
            try:
                return value("http://10.99.0.21:5051/metrics/snapshot")["slave/registered"] == 0
            except OSError:
                return True

        self.wait("the marked agent is refused", refused)
        agents = json.loads(get(f"{base}/mesos/api/v1", {"type": "GET_AGENTS"})[1])
        self.assertEqual(
            [a["agent_info"]["hostname"] for a in agents["get_agents"]["agents"]], ["10.99.0.22"]
        )


def test(work: Path, scratch: Path) -> int:
    cluster = Cluster(work, scratch)
    cluster.connect()
    cluster.generate()
    for number, ip in enumerate(MASTERS):
        cluster.start(number, ip, "master")
    for number, (ip, role) in enumerate(AGENTS.items(), len(MASTERS)):
        cluster.start(number, ip, role)
    ClusterTest.cluster = cluster
    result = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(ClusterTest)
    )
    if not result.wasSuccessful():
        for log in sorted(scratch.glob("*.log")):
            print(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
    return 0 if result.wasSuccessful() else 1


def main() -> int:
    if sys.argv[1] == "--node":
        become_node(*sys.argv[2:5])
    if sys.argv[1] == "--inside":
        return test(Path(sys.argv[2]), Path(sys.argv[3]))
    scratch = Path(sys.argv[2] if len(sys.argv) > 2 else f"/tmp/practice-cluster-{os.getpid()}")
    scratch.mkdir()
    try:
        return subprocess.run(
            [
                "unshare",
                "-n",
                "-m",
                "-p",
                "--fork",
                "--mount-proc",
                "--kill-child",
                sys.executable,
                __file__,
                "--inside",
                os.path.abspath(sys.argv[1]),
                str(scratch),
            ],
            check=False,
        ).returncode
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    sys.exit(main())
