"""An agent (port 5051): registers in ZooKeeper with the cluster, and stays registered."""
import json
import os
import sys
import threading
import time

from practice import node, zk
from practice.httpd import Answer, Request, listen, serve

PORT = 5051


class Agent:
    def __init__(self):
        self.ip, self.started = node.address(), time.time()
        self.meta = f"{node.config()['mesos_agent_work_dir']}/meta/slaves"
        self.id = self.recover()
        self.registered = threading.Event()
        self.again = threading.Event()

    def recover(self) -> str:
        """The id of an earlier run; empty without one."""
        latest = f"{self.meta}/latest"
        return os.path.basename(os.readlink(latest)) if os.path.islink(latest) else ""

    def remember(self, agent_id: str):
        os.makedirs(f"{self.meta}/{agent_id}", exist_ok=True)
        with open(f"{self.meta}/{agent_id}/slave.info", "w", encoding="utf-8") as file:
            json.dump(self.describe(agent_id), file)
        os.symlink(f"{self.meta}/{agent_id}", f"{self.meta}/latest.new")
        os.replace(f"{self.meta}/latest.new", f"{self.meta}/latest")
        self.id = agent_id

    def describe(self, agent_id: str) -> dict:
        public = node.role() == "agent_public"
        ports = (
            "[1-21, 23-5050, 5052-32000]"
            if public
            else "[1025-2180, 2182-3887, 3889-5049, 5052-8079, 8082-8180, 8182-32000]"
        )
        return {
            "id": agent_id,
            "hostname": self.ip,
            "port": PORT,
            "pid": f"slave(1)@{self.ip}:{PORT}",
            "attributes": {"public_ip": "true"} if public else {},
            "version": node.version()["version"],
            "registered_time": time.time(),
            "resources": {
                "cpus": os.cpu_count(),
                "mem": memory_mb(),
                "disk": disk_mb(),
                "gpus": 0,
                "ports": ports,
            },
        }

    def run(self):
        """Registers, and again whenever the registration is gone."""
        from kazoo.client import KazooState

        client = zk.connect()

        def watch(state):
            if state != KazooState.CONNECTED:
                self.registered.clear()
            self.again.set()

        client.add_listener(watch)
        while True:
            self.again.clear()
            self.register(client)
            self.again.wait(10)

    def register(self, client):
        name = zk.leader_node(client.retry(client.get_children, zk.ROOT))
        if not name:
            print("No master leads yet", flush=True)
            return
        if not self.id:
            leader = json.loads(client.retry(client.get, f"{zk.ROOT}/{name}")[0])
            made = client.retry(client.create, f"{zk.ROOT}/ids/", sequence=True)
            self.remember(f"{leader['id']}-S{int(made.rsplit('/', 1)[1])}")
        if client.retry(client.exists, f"{zk.ROOT}/gone/{self.id}"):
            print(
                f"Agent {self.id} was marked gone: refused by the master",
                file=sys.stderr,
                flush=True,
            )
            os._exit(1)
        client.retry(client.ensure_path, f"{zk.ROOT}/registry/{self.id}")
        own = f"{zk.ROOT}/agents/{self.id}"
        present = client.retry(client.exists, own, watch=lambda _: self.again.set())
        if present and present.owner_session_id != client.client_id[0]:
            # Left by an earlier run of this agent, whose session has not yet run out.
            client.retry(client.delete, own)
            present = None
        if not present:
            client.retry(client.create, own, zk.encode(self.describe(self.id)), ephemeral=True)
            client.retry(client.exists, own, watch=lambda _: self.again.set())
            print(f"Registered as {self.id}", flush=True)
        self.registered.set()


def memory_mb() -> int:
    with open("/proc/meminfo", encoding="ascii") as file:
        return int(file.readline().split()[1]) // 1024


def disk_mb() -> int:
    path = node.config()["mesos_agent_work_dir"]
    found = os.statvfs(path if os.path.isdir(path) else "/")
    return found.f_blocks * found.f_frsize >> 20


def answers(agent: Agent):
    def handle(request: Request):
        name = request.path.rstrip("/").replace("/slave(1)", "").removesuffix(".json")
        registered = float(agent.registered.is_set())
        if name == "/metrics/snapshot":
            return Answer(
                {
                    "slave/registered": registered,
                    "slave/uptime_secs": time.time() - agent.started,
                    "slave/tasks_running": 0.0,
                }
            )
        if name == "/health":
            return Answer(text="")
        if name == "/version":
            return Answer({"version": node.version()["version"]})
        if name == "/state":
            return Answer(
                {
                    **agent.describe(agent.id),
                    "frameworks": [],
                    "completed_frameworks": [],
                    "start_time": agent.started,
                }
            )
        return None

    return handle


def main() -> int:
    agent = Agent()
    server = listen(PORT)

    def run():
        try:
            agent.run()
        except BaseException as error:
            print(f"cannot register: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)

    threading.Thread(target=run, daemon=True).start()
    serve(server, answers(agent))
    return 0
