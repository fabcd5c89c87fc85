"""Health of this node's units, and on masters of all nodes (port 1050; agents: only locally)."""
import os
import subprocess
import threading
import time

from practice import node
from practice.httpd import Answer, Request, get_json, listen, serve

PORT = 1050
WANTS = "/etc/systemd/system/dcos.target.wants"
FIELDS = [
    "Id",
    "Description",
    "LoadState",
    "ActiveState",
    "SubState",
    "ExecMainStatus",
    "NRestarts",
]
FRESH_S, PULL_S = 3, 60


def parse_units(text: str) -> list:
    """The blocks of `systemctl show`."""
    return [
        dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for block in text.split("\n\n")
        if block.strip()
    ]


def judge(unit: dict) -> tuple:
    """(health, output): 0 healthy, 1 not."""
    name, active = unit["Id"], unit["ActiveState"]
    if unit["LoadState"] != "loaded":
        return 1, f"{name} is not loaded"
    if active not in ("active", "inactive", "activating"):
        known = "[active inactive activating]"
        text = f"{name} state is not one of the possible states {known}. Current state is {active}"
        return 1, text
    if unit.get("ExecMainStatus", "0") != "0":
        return 1, f"ExecMainStatus return failed status for {name}"
    if active == "activating" and unit["SubState"] == "auto-restart":
        return 1, f"{name} is restarting ({unit.get('NRestarts', '?')} restarts)"
    if active == "inactive":
        return 1, f"{name} is inactive"
    return 0, ""


class Units:
    """Of this node; asked again when older than FRESH_S."""

    def __init__(self):
        self.lock, self.taken, self.units = threading.Lock(), 0.0, []

    def look(self) -> list:
        with self.lock:
            if not self.units or time.monotonic() - self.taken > FRESH_S:
                found = subprocess.run(
                    [
                        "systemctl",
                        "show",
                        "--property",
                        ",".join(FIELDS),
                        *sorted(os.listdir(WANTS)),
                    ],
                    stdout=subprocess.PIPE,
                    check=True,
                )
                self.units = [self._report(u) for u in parse_units(found.stdout.decode())]
                self.taken = time.monotonic()
            return self.units

    @staticmethod
    def _report(unit: dict) -> dict:
        health, output = judge(unit)
        name, _, text = unit["Description"].partition(": ")
        return {
            "id": unit["Id"],
            "health": health,
            "output": output,
            "description": text,
            "help": f"journalctl -u {unit['Id']}",
            "name": name,
        }


def own_report(units: Units) -> dict:
    return {
        "units": units.look(),
        "hostname": os.uname().nodename,
        "ip": node.address(),
        "dcos_version": node.version()["version"],
        "node_role": node.role(),
        "mesos_id": "",
        "dcos_diagnostics_version": node.version()["version"],
    }


class Cluster:
    """All nodes' reports, pulled when older than PULL_S and on demand."""

    def __init__(self, units: Units):
        self.units, self.lock, self.taken, self.reports = units, threading.Lock(), 0.0, []

    def look(self, fresh: bool) -> list:
        with self.lock:
            if fresh or not self.reports or time.monotonic() - self.taken > PULL_S:
                self.reports = self._pull()
                self.taken = time.monotonic()
            return self.reports

    def _pull(self) -> list:
        places = [(ip, "master", PORT) for ip in node.masters()]
        try:
            leader = get_json("127.0.0.1", 5050, "/leader")["ip"]
            for agent in get_json(leader, 5050, "/master/slaves")["slaves"]:
                public = agent["attributes"].get("public_ip") == "true"
                places.append((agent["hostname"], "agent_public" if public else "agent", 61001))
        except OSError:
            pass  # no leader: the masters alone
        found = {}

        def ask(ip, role, port):
            try:
                if ip == node.address():
                    report = own_report(self.units)
                else:
                    report = get_json(ip, port, "/system/health/v1")
                found[ip] = (role, report["units"])
            except OSError:
                found[ip] = (role, None)

        threads = [threading.Thread(target=ask, args=place) for place in places]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [(ip, *found[ip]) for ip, _, _ in places if ip in found]


def node_health(units) -> int:
    return 3 if units is None else max((u["health"] for u in units), default=0)


def cluster_units(reports: list) -> list:
    merged = {}
    for _, _, units in reports:
        for unit in units or []:
            kept = merged.setdefault(
                unit["id"], {k: unit[k] for k in ("id", "name", "health", "description")}
            )
            kept["health"] = max(kept["health"], unit["health"])
    return [merged[key] for key in sorted(merged)]


def cluster_answer(parts: list, reports: list):
    nodes = [
        {"host_ip": ip, "health": node_health(units), "role": role} for ip, role, units in reports
    ]
    if parts == ["nodes"]:
        return {"nodes": nodes}
    if parts == ["units"]:
        return {"units": cluster_units(reports)}
    if parts == ["report"]:
        return {
            "Nodes": {n["host_ip"]: n for n in nodes},
            "Units": {u["id"]: u for u in cluster_units(reports)},
        }
    if len(parts) == 3 and parts[0] == "nodes" and parts[2] == "units":
        return next(
            ({"units": units} for ip, _, units in reports if ip == parts[1] and units is not None),
            None,
        )
    if len(parts) == 3 and parts[0] == "units" and parts[2] == "nodes":
        having = [
            (ip, role, u) for ip, role, units in reports for u in units or [] if u["id"] == parts[1]
        ]
        return (
            {
                "nodes": [
                    {"host_ip": ip, "health": u["health"], "role": role} for ip, role, u in having
                ]
            }
            if having
            else None
        )
    return None


def answers(units: Units, cluster):
    prefix = "/system/health/v1"

    def handle(request: Request):
        path = request.path.rstrip("/")
        if path == prefix:
            return Answer(own_report(units))
        if not cluster or not path.startswith(prefix + "/"):
            return None
        found = cluster_answer(
            path[len(prefix) + 1 :].split("/"), cluster.look("cache=0" in request.query)
        )
        return Answer(found) if found is not None else None

    return handle


def main() -> int:
    units, on_master = Units(), node.role() == "master"
    cluster = Cluster(units) if on_master else None
    serve(listen(PORT, "0.0.0.0" if on_master else "127.0.0.1"), answers(units, cluster))
    return 0
