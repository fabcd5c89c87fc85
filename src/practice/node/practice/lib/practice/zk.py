"""The cluster's memory in ZooKeeper, under /mesos:

json.info_N    ephemeral, one per running master; the lowest N leads
agents/ID      ephemeral, one per registered agent: its description
registry/ID    persistent: every agent ever admitted and not marked gone
gone/ID        persistent: agents that may never come back
frameworks/ID  ephemeral: the frameworks that run
ids/N          persistent: numbers given out for agent ids
"""
import json
import logging
import sys

from practice import node

ROOT = "/mesos"
INFO = "json.info_"
FOLDERS = ("agents", "registry", "gone", "frameworks", "ids")
SESSION_S = 20


def connect():
    """A KazooClient. Waits for ever: ZooKeeper may need minutes to find its quorum."""
    from kazoo.client import KazooClient
    from kazoo.retry import KazooRetry

    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="%(name)s: %(message)s")
    client = KazooClient(
        hosts=",".join(f"{ip}:2181" for ip in node.masters()),
        timeout=SESSION_S,
        connection_retry=KazooRetry(max_tries=-1, delay=0.5, max_delay=5, ignore_expire=True),
        command_retry=KazooRetry(max_tries=-1, delay=0.5, max_delay=5, ignore_expire=True),
    )
    client.start_async().wait()
    for name in FOLDERS:
        client.ensure_path(f"{ROOT}/{name}")
    return client


def encode(value) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def leader_node(children: list, prefix: str = INFO):
    """Name of the candidate with the lowest number, or None."""
    candidates = [name for name in children if name.startswith(prefix)]
    return min(candidates, key=lambda name: int(name[len(prefix) :]), default=None)


class Folder:
    """A live copy of a folder: {name: what is in it}."""

    def __init__(self, client, path: str, changed=lambda: None):
        self.client, self.path, self.changed, self.content = client, path, changed, {}
        client.ChildrenWatch(path, self._update)

    def _update(self, children):
        from kazoo.exceptions import NoNodeError

        fresh = {}
        for name in children:
            if name in self.content:
                fresh[name] = self.content[name]
                continue
            try:
                data, _ = self.client.get(f"{self.path}/{name}")
                fresh[name] = json.loads(data) if data else {}
            except NoNodeError:
                continue  # gone again: the next call says so
        self.content = fresh
        self.changed()
