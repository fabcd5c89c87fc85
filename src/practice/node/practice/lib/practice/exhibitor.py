"""Runs ZooKeeper with the static ensemble and tells its state in Exhibitor's words (port 8181)."""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from practice import node
from practice.httpd import Answer, Request, listen, serve

STATE = "/var/lib/dcos/exhibitor"
JAVA = "/opt/mesosphere/active/java/bin/java"
JARS = "/opt/mesosphere/active/exhibitor/jars"
CLIENT_PORT = 2181
PORT = 8181
DOWN, NOT_SERVING, SERVING = 1, 2, 3
DESCRIPTION = {0: "latent", DOWN: "down", NOT_SERVING: "not serving", SERVING: "serving"}
ZOO_CFG = """dataDir={state}/zookeeper/snapshot
dataLogDir={state}/zookeeper/transactions
clientPort={port}
tickTime=2000
initLimit=10
syncLimit=5
quorumListenOnAllIPs=true
maxClientCnxns=0
autopurge.snapRetainCount=5
autopurge.purgeInterval=1
admin.enableServer=false
4lw.commands.whitelist=conf,cons,crst,dirs,dump,envi,gtmk,isro,mntr,ruok,srst,srvr,stat,stmk,wchs
"""


def ensemble() -> dict:
    """{id: address}"""
    return {
        int(number): ip
        for number, ip in (
            server.split(":") for server in os.environ["EXHIBITOR_STATICENSEMBLE"].split(",")
        )
    }


def write_config(servers: dict, own_id: int):
    for folder in ("conf", "zookeeper/snapshot", "zookeeper/transactions"):
        os.makedirs(f"{STATE}/{folder}", exist_ok=True)
    text = ZOO_CFG.format(state=STATE, port=CLIENT_PORT)
    if len(servers) > 1:
        text += "".join(f"server.{n}={ip}:2888:3888\n" for n, ip in sorted(servers.items()))
    with open(f"{STATE}/conf/zoo.cfg", "w", encoding="utf-8") as file:
        file.write(text)
    with open(f"{STATE}/zookeeper/snapshot/myid", "w", encoding="utf-8") as file:
        file.write(f"{own_id}\n")


def java_command() -> list:
    jars = ":".join(f"{JARS}/{name}" for name in sorted(os.listdir(JARS)))
    return [
        JAVA,
        "-Xshare:auto",
        "-Xint",
        "-XX:+UseSerialGC",
        "-Xss256k",
        "-Xms16m",
        "-Xmx128m",
        "-XX:-UsePerfData",
        "-Djava.net.preferIPv4Stack=true",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.log.org.apache.zookeeper.server.quorum=info",
        "-cp",
        jars,
        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
        f"{STATE}/conf/zoo.cfg",
    ]


class ZooKeeper:
    """The Java process; started again whenever it ends, as Exhibitor does."""

    def __init__(self):
        self.process = None

    def keep_running(self):
        while True:
            started = time.monotonic()
            self.process = subprocess.Popen(java_command(), cwd=STATE)
            code = self.process.wait()
            print(
                f"ZooKeeper ended with status {code} after {time.monotonic() - started:.0f} s",
                file=sys.stderr,
                flush=True,
            )
            time.sleep(5)

    def stop(self, *_):
        if self.process:
            self.process.terminate()
        os._exit(0)


def four_letters(address: str, word: str, timeout_s: float = 3) -> str:
    with socket.create_connection((address, CLIENT_PORT), timeout_s) as connection:
        connection.sendall(word.encode())
        text = b""
        while more := connection.recv(65536):
            text += more
    return text.decode("utf-8", "replace")


def state_of(address: str) -> tuple:
    """(code, leads) of one master, from what its own ZooKeeper says."""
    try:
        mode = re.search(r"^Mode: (\w+)", four_letters(address, "srvr"), re.MULTILINE)
    except OSError:
        try:  # ZooKeeper does not answer: is there an Exhibitor to say so?
            socket.create_connection((address, PORT), 3).close()
            return NOT_SERVING, False
        except OSError:
            return DOWN, False
    if not mode:
        return NOT_SERVING, False
    return SERVING, mode.group(1) in ("leader", "standalone")


class View:
    """The ensemble as last seen; looked at again when older than 2 s."""

    def __init__(self, servers: dict):
        self.servers, self.seen, self.taken = servers, [], 0.0
        self.lock = threading.Lock()

    def status(self) -> list:
        with self.lock:
            if time.monotonic() - self.taken > 2:
                self.seen = self._look()
                self.taken = time.monotonic()
            return self.seen

    def _look(self) -> list:
        found = {}
        threads = [
            threading.Thread(target=lambda ip=ip: found.update({ip: state_of(ip)}))
            for ip in self.servers.values()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [
            {"code": code, "description": DESCRIPTION[code], "hostname": ip, "isLeader": leads}
            for ip, (code, leads) in sorted(found.items())
        ]


def answers(view: View, own_address: str):
    def handle(request: Request):
        path = request.path.rstrip("/")
        if path == "/exhibitor/v1/cluster/status":
            return Answer(view.status())
        if path == "/exhibitor/v1/ui/index.html":
            return Answer(text="".join(
                f"{server['hostname']} {server['description']}"
                f"{', leads' if server['isLeader'] else ''}\n" for server in view.status()
            ))
        if path == "/exhibitor/v1/cluster/list":
            return Answer({"servers": sorted(view.servers.values()), "port": CLIENT_PORT})
        if path == "/exhibitor/v1/cluster/state":
            code, leads = state_of(own_address)
            return Answer(
                {
                    "switches": {
                        "restarts": True,
                        "cleanup": True,
                        "unlistedRestarts": True,
                        "backups": False,
                    },
                    "state": code,
                    "description": DESCRIPTION[code],
                    "isLeader": leads,
                }
            )
        word = re.fullmatch(r"/exhibitor/v1/cluster/4ltr/([a-z]{4})", path)
        if word:
            try:
                return Answer(four_letters("127.0.0.1", word.group(1)))
            except OSError as error:
                return Answer(f"{error}")
        return None

    return handle


def main() -> int:
    servers, own = ensemble(), node.address()
    try:
        socket.inet_aton(own)
    except OSError:
        print(f"ERROR: {own} is not a valid IPv4 address", file=sys.stderr)
        return 1
    if own not in servers.values():
        print(
            f"ERROR: ip-detect returned {own}. {own} is not in the configured list of masters.",
            file=sys.stderr,
        )
        return 1
    write_config(servers, next(number for number, ip in servers.items() if ip == own))

    zookeeper = ZooKeeper()
    signal.signal(signal.SIGTERM, zookeeper.stop)
    server = listen(PORT)
    threading.Thread(target=zookeeper.keep_running, daemon=True).start()
    print(f"ensemble {json.dumps(servers)}, this is {own}", flush=True)
    serve(server, answers(View(servers), own))
    return 0
