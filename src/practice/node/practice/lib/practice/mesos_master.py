"""The master's end points (port 5050): election, agents, marking them gone. No scheduling."""
import json
import os
import re
import sys
import time
import uuid

from practice import node, zk
from practice.httpd import Answer, Request, listen, serve

PORT = 5050
LEADER_ONLY = ("state", "state-summary", "slaves", "frameworks", "tasks", "redirect")


class Master:
    def __init__(self):
        self.ip, self.id, self.started = node.address(), str(uuid.uuid4()), time.time()
        self.client = None
        self.name = ""
        self.recovered = False
        self.candidates = self.agents = self.registry = self.frameworks = None

    def join(self):
        """Stands for election; ends the process when the session is lost, as a real master does."""
        from kazoo.client import KazooState

        self.client = zk.connect()

        def watch(state):
            if state == KazooState.LOST:
                print("Lost the ZooKeeper session: committing suicide", file=sys.stderr, flush=True)
                os._exit(1)

        self.client.add_listener(watch)
        self.registry = zk.Folder(self.client, f"{zk.ROOT}/registry")
        self.agents = zk.Folder(self.client, f"{zk.ROOT}/agents")
        self.frameworks = zk.Folder(self.client, f"{zk.ROOT}/frameworks")
        path = self.client.create(
            f"{zk.ROOT}/{zk.INFO}", zk.encode(self.info()), ephemeral=True, sequence=True
        )
        self.name = path.rsplit("/", 1)[1]
        self.client.sync(zk.ROOT)
        self.recovered = True
        self.candidates = Candidates(self.client)

    def info(self) -> dict:
        return {
            "id": self.id,
            "hostname": self.ip,
            "pid": f"master@{self.ip}:{PORT}",
            "port": PORT,
            "address": {"hostname": self.ip, "ip": self.ip, "port": PORT},
            "version": node.version()["version"],
        }

    def leader(self):
        """What the leading master says of itself, or None."""
        return self.candidates.leader if self.candidates else None

    def leads(self) -> bool:
        leader = self.leader()
        return bool(leader) and leader["id"] == self.id

    def active_agents(self) -> list:
        return [slave(agent) for _, agent in sorted(self.agents.content.items())]


class Candidates:
    def __init__(self, client):
        self.client, self.leader = client, None
        client.ChildrenWatch(zk.ROOT, self._update)

    def _update(self, children):
        from kazoo.exceptions import NoNodeError

        name = zk.leader_node(children)
        try:
            self.leader = json.loads(self.client.get(f"{zk.ROOT}/{name}")[0]) if name else None
        except NoNodeError:
            self.leader = None


def slave(agent: dict) -> dict:
    nothing = {"cpus": 0, "disk": 0, "gpus": 0, "mem": 0}
    return {
        **agent,
        "active": True,
        "used_resources": nothing,
        "offered_resources": nothing,
        "reserved_resources": {},
        "unreserved_resources": agent["resources"],
    }


def metrics(master: Master) -> dict:
    leads = master.leads()
    active = len(master.agents.content) if leads else 0
    known = len(master.registry.content) if leads else 0
    return {
        "master/elected": float(leads),
        "master/uptime_secs": time.time() - master.started,
        "registrar/log/recovered": float(master.recovered),
        "registrar/log/ensemble_size": float(len(node.masters())),
        "master/slaves_active": float(active),
        "master/slaves_connected": float(active),
        "master/slaves_disconnected": 0.0,
        "master/slaves_inactive": 0.0,
        "master/slaves_unreachable": float(max(0, known - active)),
        "master/frameworks_active": float(len(master.frameworks.content) if leads else 0),
        "master/tasks_running": 0.0,
    }


def state(master: Master) -> dict:
    info = master.info()
    frameworks = [f for _, f in sorted(master.frameworks.content.items())]
    return {
        "version": info["version"],
        "id": master.id,
        "pid": info["pid"],
        "hostname": master.ip,
        "cluster": node.config()["cluster_name"],
        "start_time": master.started,
        "elected_time": master.started,
        "leader": master.leader()["pid"],
        "leader_info": master.leader(),
        "activated_slaves": len(master.agents.content),
        "deactivated_slaves": 0,
        "unreachable_slaves": len(set(master.registry.content) - set(master.agents.content)),
        "slaves": master.active_agents(),
        "recovered_slaves": [],
        "frameworks": frameworks,
        "completed_frameworks": [],
        "orphan_tasks": [],
        "unregistered_frameworks": [],
    }


def summary(master: Master) -> dict:
    whole = state(master)
    return {key: whole[key] for key in ("hostname", "cluster", "slaves", "frameworks")}


def mark_gone(master: Master, call: dict) -> Answer:
    from kazoo.exceptions import NodeExistsError, NoNodeError

    agent_id = call.get("mark_agent_gone", {}).get("agent_id", {}).get("value", "")
    if not re.fullmatch(r"[A-Za-z0-9-]+", agent_id):
        return Answer(status=400, text="Failed to validate master::Call: Expecting 'agent_id'\n")
    if not master.client.exists(f"{zk.ROOT}/registry/{agent_id}"):
        return Answer(status=404, text=f"Agent '{agent_id}' not found\n")
    try:
        master.client.create(f"{zk.ROOT}/gone/{agent_id}")
    except NodeExistsError:
        pass
    for folder in ("agents", "registry"):
        try:
            master.client.delete(f"{zk.ROOT}/{folder}/{agent_id}")
        except NoNodeError:
            pass
    return Answer(text="")


def agents_call(master: Master) -> dict:
    agents = []
    for agent in master.active_agents():
        agents.append(
            {
                "active": True,
                "pid": agent["pid"],
                "version": agent["version"],
                "agent_info": {
                    "id": {"value": agent["id"]},
                    "hostname": agent["hostname"],
                    "port": agent["port"],
                },
                "registered_time": {"nanoseconds": int(agent["registered_time"] * 1e9)},
            }
        )
    return {"type": "GET_AGENTS", "get_agents": {"agents": agents}}


def api(master: Master, request: Request) -> Answer:
    if request.method != "POST":
        return Answer(status=405, text="Expecting one of { 'POST' }\n")
    try:
        call = json.loads(request.body)
        kind = call["type"]
    except (ValueError, KeyError, TypeError):
        return Answer(status=400, text="Failed to parse body into JSON\n")
    if kind == "MARK_AGENT_GONE":
        return mark_gone(master, call)
    if kind == "GET_AGENTS":
        return Answer(agents_call(master))
    if kind == "GET_VERSION":
        return Answer(
            {"type": kind, "get_version": {"version_info": {"version": node.version()["version"]}}}
        )
    return Answer(status=501, text=f"The practice release has no {kind}\n")


def redirect(master: Master, path: str) -> Answer:
    leader = master.leader()
    if not leader:
        return Answer(status=503, text="No leader elected\n")
    return Answer(status=307, text="", headers={"Location": f"//{leader['hostname']}:{PORT}{path}"})


def name_of(path: str) -> str:
    """`/master/state.json` and `/state` are `state`."""
    return re.sub(r"\.json$", "", re.sub(r"^/(master/)?", "", path.rstrip("/")))


def answers(master: Master):
    documents = {
        "state": state,
        "state-summary": summary,
        "slaves": lambda m: {"slaves": m.active_agents(), "recovered_slaves": []},
        "frameworks": lambda m: {"frameworks": state(m)["frameworks"], "completed_frameworks": []},
        "tasks": lambda m: {"tasks": []},
    }

    def handle(request: Request):
        name = name_of(request.path)
        if name == "":
            return Answer(text="Mesos master of the practice release: it schedules nothing\n")
        if name == "health":
            return Answer(text="")
        if name == "version":
            return Answer({"version": node.version()["version"]})
        if not master.candidates:
            if name == "metrics/snapshot":
                return Answer({"master/elected": 0.0, "registrar/log/recovered": 0.0})
            return Answer(status=503, text="ZooKeeper is not connected yet\n")
        if name == "metrics/snapshot":
            return Answer(metrics(master))
        if name == "leader":
            leader = master.leader()
            if not leader:
                return Answer(status=503, text="No leader elected\n")
            return Answer({"ip": leader["hostname"]}, headers={"X-Leader": leader["hostname"]})
        if name == "redirect" or (not master.leads() and (name in LEADER_ONLY or name == "api/v1")):
            return redirect(master, "" if name == "redirect" else request.path)
        if name == "api/v1":
            return api(master, request)
        return Answer(documents[name](master)) if name in documents else None

    return handle


def main() -> int:
    import threading

    master = Master()
    server = listen(PORT)

    def join():
        try:
            master.join()
        except BaseException as error:
            print(f"cannot join the cluster: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)

    threading.Thread(target=join, daemon=True).start()
    serve(server, answers(master))
    return 0
