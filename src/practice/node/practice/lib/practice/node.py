"""What a program knows of the node it runs on and of its cluster."""
import functools
import json
import os
import subprocess

ETC = "/opt/mesosphere/etc"


@functools.lru_cache(None)
def config() -> dict:
    with open(f"{ETC}/expanded.config.json", encoding="utf-8") as file:
        return json.load(file)


@functools.lru_cache(None)
def version() -> dict:
    with open(f"{ETC}/dcos-version.json", encoding="utf-8") as file:
        return json.load(file)


def masters() -> list:
    return json.loads(config()["master_list"])


@functools.lru_cache(None)
def address() -> str:
    """This node's address, as the cluster's ip-detect script says."""
    found = subprocess.run(["/opt/mesosphere/bin/detect_ip"], stdout=subprocess.PIPE, check=True)
    return found.stdout.decode().strip()


def role() -> str:
    """`master`, `agent` or `agent_public`."""
    names = {"master": "master", "slave": "agent", "slave_public": "agent_public"}
    here = os.listdir("/etc/mesosphere/roles")
    return next((names[name] for name in sorted(here) if name in names), "agent")
