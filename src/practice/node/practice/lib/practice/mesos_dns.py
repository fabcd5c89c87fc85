"""The HTTP side of Mesos-DNS (port 8123), as far as the masters' names go. It serves no DNS."""
import re

from practice import node
from practice.httpd import Answer, Request, get, header, listen, serve

PORT = 8123


def leader() -> str:
    """Address of the leading master, as the local one redirects to it; empty without one."""
    try:
        status, head, _ = get("127.0.0.1", 5050, "/master/redirect")
    except OSError:
        return ""
    found = re.match(r"//([0-9.]+):", header(head, "location"))
    return found.group(1) if status == 307 and found else ""


def addresses(name: str) -> list:
    if name == "leader.mesos":
        ip = leader()
        return [ip] if ip else []
    return node.masters() if name == "master.mesos" else []


def handle(request: Request):
    path = request.path.rstrip("/")
    if path == "/v1/version":
        return Answer({"Service": "Mesos-DNS", "URL": "", "Version": node.version()["version"]})
    if path == "/v1/config":
        return Answer(
            {
                "domain": "mesos",
                "httpport": PORT,
                "masters": [f"{ip}:5050" for ip in node.masters()],
            }
        )
    if path.startswith("/v1/hosts/"):
        name = path.rsplit("/", 1)[1].rstrip(".")
        found = [{"host": f"{name}.", "ip": ip} for ip in addresses(name)]
        return Answer(found or [{"host": "", "ip": ""}])
    return None


def main() -> int:
    serve(listen(PORT), handle)
    return 0
