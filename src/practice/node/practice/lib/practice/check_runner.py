"""`dcos-check-runner check node-poststart|cluster [--list]`: JSON; exits with the worst status."""
import json
import os
import shutil
import subprocess
import sys

from practice import node
from practice.httpd import get_json

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
BIN = "/opt/mesosphere/bin"


def components():
    """All units are healthy."""
    if node.role() == "master":
        report = get_json("127.0.0.1", 1050, "/system/health/v1")
    else:
        report = get_json("127.0.0.1", 61001, "/system/health/v1")
    bad = [unit for unit in report["units"] if unit["health"] != 0]
    return (
        (CRITICAL, "\n".join(unit["output"] for unit in bad))
        if bad
        else (OK, "All units are healthy")
    )


def in_path(command: str):
    def check():
        found = shutil.which(command)
        return (OK, found) if found else (CRITICAL, f"{command} is not in PATH")

    check.__doc__ = f"{command} is available"
    return check


def ip_detect_script():
    """The IP detect script prints one address and nothing else."""
    import socket

    found = subprocess.run(
        [f"{BIN}/detect_ip"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10
    )
    text = found.stdout.decode().strip()
    if found.returncode != 0 or found.stderr:
        return CRITICAL, f"detect_ip: status {found.returncode}, stderr {found.stderr.decode()!r}"
    try:
        socket.inet_pton(socket.AF_INET, text)
    except OSError:
        return CRITICAL, f"detect_ip printed {text!r}, which is no address"
    return OK, f"{text} is a valid IPV4 address"


def replog():
    """The Mesos master has synchronized its replicated log."""
    recovered = get_json(node.address(), 5050, "/metrics/snapshot")["registrar/log/recovered"] == 1
    return (OK, "recovered") if recovered else (CRITICAL, "registrar/log/recovered is not 1")


def registered():
    """The Mesos agent has registered with the masters."""
    done = get_json(node.address(), 5051, "/metrics/snapshot")["slave/registered"] == 1
    return (OK, "registered") if done else (CRITICAL, "slave/registered is not 1")


def journal_permissions():
    """The journal's directory belongs to group systemd-journal, which may read it."""
    import grp

    folder = "/var/log/journal" if os.path.isdir("/var/log/journal") else "/run/log/journal"
    found = os.stat(folder)
    group = grp.getgrgid(found.st_gid).gr_name
    good = group == "systemd-journal" and found.st_mode & 0o050 == 0o050
    return (OK if good else CRITICAL), f"{folder}: group {group}, mode {found.st_mode & 0o7777:o}"


def clock_sync():
    """The system's clock is synchronized."""
    found = subprocess.run(
        [f"{BIN}/check-time"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"ENABLE_CHECK_TIME": "true"},
    )
    return (OK if found.returncode == 0 else CRITICAL), found.stdout.decode().strip()


def definitions(kind: str) -> dict:
    if kind == "cluster":
        return {}
    checks = {name: in_path(name) for name in ("xz", "tar", "curl", "unzip", "docker")}
    checks.update(
        {"ip_detect_script": ip_detect_script, "journald_dir_permissions": journal_permissions}
    )
    if node.role() == "master":
        checks.update({"components_master": components, "mesos_master_replog_synchronized": replog})
    else:
        checks.update(
            {"components_agent": components, "mesos_agent_registered_with_masters": registered}
        )
    if node.config()["check_time"] == "true":
        checks["clock_sync"] = clock_sync
    return checks


def run(checks: dict) -> dict:
    results = {}
    for name, check in sorted(checks.items()):
        try:
            status, output = check()
        except (OSError, KeyError, ValueError, subprocess.SubprocessError) as error:
            status, output = CRITICAL, str(error)
        results[name] = {"output": output, "status": status}
    return {"status": max((r["status"] for r in results.values()), default=OK), "checks": results}


def main() -> int:
    words = [word for word in sys.argv[1:] if word != "--list"]
    known = ("node-poststart", "node-prestart", "cluster")
    if len(words) < 2 or words[0] != "check" or words[1] not in known:
        print(
            "usage: dcos-check-runner check node-poststart|cluster [--list] [CHECK]...",
            file=sys.stderr,
        )
        return 1
    checks = definitions(words[1]) if words[1] != "node-prestart" else {}
    missing = [name for name in words[2:] if name not in checks]
    if missing:
        print(
            json.dumps(
                {
                    "error": "One or more requested checks could not be found on this node.",
                    "checks": missing,
                }
            )
        )
        return 0
    if words[2:]:
        checks = {name: checks[name] for name in words[2:]}
    if "--list" in sys.argv:
        print(
            json.dumps(
                {name: {"description": check.__doc__} for name, check in sorted(checks.items())}
            )
        )
        return 0
    if not checks:
        print("{}")
        return 0
    result = run(checks)
    print(json.dumps(result, indent=2))
    return result["status"]
