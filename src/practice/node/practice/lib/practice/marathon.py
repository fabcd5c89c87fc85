"""Marathon's end points (port 8080): a real election through ZooKeeper, and no scheduling."""
import os
import sys
import threading

from practice import node, zk
from practice.httpd import Answer, Request, listen, serve

PORT = 8080
ROOT = "/marathon"
PREFIX = "member_"
REFUSED = "the practice release schedules nothing\n"


class Marathon:
    def __init__(self):
        self.own = f"{node.address()}:{PORT}"
        self.leader = self.framework = None

    def join(self):
        from kazoo.client import KazooState

        client = zk.connect()
        client.add_listener(lambda state: os._exit(1) if state == KazooState.LOST else None)
        client.ensure_path(f"{ROOT}/leader")
        client.create(f"{ROOT}/leader/{PREFIX}", self.own.encode(), ephemeral=True, sequence=True)

        def update(children):
            from kazoo.exceptions import NoNodeError

            name = zk.leader_node(children, PREFIX)
            try:
                self.leader = client.get(f"{ROOT}/leader/{name}")[0].decode() if name else None
            except NoNodeError:
                self.leader = None
            if self.leader == self.own:
                # Not from the watcher's own thread, which delivers the answers.
                threading.Thread(target=self.register, args=(client,), daemon=True).start()

        client.ChildrenWatch(f"{ROOT}/leader", update)

    def register(self, client):
        """As a framework of the cluster, under an id that outlives this process."""
        from kazoo.exceptions import NodeExistsError, NoNodeError

        path = f"{ROOT}/framework-id"
        try:
            framework = client.get(path)[0].decode()
        except NoNodeError:
            import uuid

            framework = f"{uuid.uuid4()}-0001"
            client.create(path, framework.encode())
        nothing = {"cpus": 0, "disk": 0, "gpus": 0, "mem": 0}
        ip = self.own.split(":")[0]
        try:
            client.create(
                f"{zk.ROOT}/frameworks/{framework}",
                zk.encode(
                    {
                        "id": framework,
                        "name": "marathon",
                        "hostname": ip,
                        "active": True,
                        "connected": True,
                        "webui_url": f"http://{self.own}",
                        "tasks": [],
                        "completed_tasks": [],
                        "resources": nothing,
                        "used_resources": nothing,
                        "offered_resources": nothing,
                    }
                ),
                ephemeral=True,
            )
        except NodeExistsError:
            pass  # of the leader before this one, whose session is about to run out
        self.framework = framework

    def info(self) -> dict:
        return {
            "name": "marathon",
            "version": node.version()["version"],
            "elected": self.leader == self.own,
            "leader": self.leader,
            "frameworkId": self.framework,
            "marathon_config": {
                "hostname": self.own.split(":")[0],
                "master": "zk://zk-1.zk:2181/mesos",
            },
            "zookeeper_config": {
                "zk": "zk://" + ",".join(f"{ip}:2181" for ip in node.masters()) + ROOT
            },
            "http_config": {"http_port": PORT},
        }


def answers(marathon: Marathon):
    def handle(request: Request):
        path = request.path.rstrip("/")
        if path == "/ping":
            return Answer(text="pong")
        if path == "/v2/info":
            return Answer(marathon.info())
        if path == "/v2/leader":
            if marathon.leader:
                return Answer({"leader": marathon.leader})
            return Answer({"message": "There is no leader"}, status=404)
        if path.startswith("/v2/") and request.method not in ("GET", "HEAD"):
            return Answer(status=501, text=REFUSED)
        empty = {
            "/v2/apps": {"apps": []},
            "/v2/deployments": [],
            "/v2/tasks": {"tasks": []},
            "/v2/queue": {"queue": []},
            "/v2/groups": {"id": "/", "apps": [], "groups": []},
        }
        return Answer(empty[path]) if path in empty else None

    return handle


def main() -> int:
    marathon = Marathon()
    server = listen(PORT)

    def join():
        try:
            marathon.join()
        except BaseException as error:
            print(f"cannot join the cluster: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)

    threading.Thread(target=join, daemon=True).start()
    serve(server, answers(marathon))
    return 0
