"""`pkgpanda setup`: fetches this cluster's packages, activates them, installs and starts the units.

Layout: packages/<id>/ as unpacked; active/<name> -> packages/<id>; bin, etc: links into the active
packages; units copied into /etc/systemd/system. A folder named X_<role> of a package counts as X on
nodes of that role only.
"""
import json
import os
import pwd
import shutil
import subprocess
import sys

ROOT = "/opt/mesosphere"
CONFIG = "/etc/mesosphere"
SYSTEMD = "/etc/systemd/system"
TARGET = """[Unit]
Description=DC/OS
[Install]
WantedBy=multi-user.target
"""


def say(text: str):
    print(text, flush=True)


def read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def roles() -> list:
    """Of this node. slave_public nodes take what slaves take, but for their own mesos unit."""
    return sorted(os.listdir(f"{CONFIG}/roles"))


def fetch(files: dict):
    """{url: file}, all by one process: starting one is dear on an emulated processor."""
    words = ["curl", "-fLsS", "--retry", "20", "--keepalive-time", "2", "-Y", "100000", "-y", "60"]
    for url, file in files.items():
        words += ["-o", file, url]
        if os.path.exists(file):
            os.unlink(file)
    subprocess.run(words, check=True)
    for url, file in files.items():  # curl's status is only that of the last one
        if not os.path.exists(file):
            raise SystemExit(f"cannot fetch '{url}'")


def wanted_here(package_id: str, only_on: dict, here: list) -> bool:
    on = only_on.get(package_id.split("--")[0])
    return on is None or any(role in on for role in here)


def fetch_packages(url: str, ids: list):
    missing = {
        i: f"{ROOT}/packages/{i}.tar.xz" for i in ids if not os.path.isdir(f"{ROOT}/packages/{i}")
    }
    if not missing:
        return
    say(f"Fetching {' '.join(missing)}")
    fetch({f"{url}/packages/{i.split('--')[0]}/{i}.tar.xz": file for i, file in missing.items()})
    for package_id, archive in missing.items():
        place = f"{ROOT}/packages/{package_id}"
        shutil.rmtree(f"{place}.new", ignore_errors=True)
        os.makedirs(f"{place}.new")
        subprocess.run(
            ["tar", "-xJf", archive, "-C", f"{place}.new", "--no-same-owner"], check=True
        )
        os.rename(f"{place}.new", place)
        os.unlink(archive)


def create_user(name: str):
    try:
        pwd.getpwnam(name)
    except KeyError:
        words = ["useradd", "--system", "--user-group", "--home-dir", ROOT, "--no-create-home"]
        words += ["--shell", "/sbin/nologin", "--comment", "DC/OS System User", name]
        subprocess.run(words, check=True)


def folders_of(package: str, kind: str, here: list) -> list:
    names = [kind, *(f"{kind}_{role}" for role in here)]
    return [f"{package}/{n}" for n in names if os.path.isdir(f"{package}/{n}")]


def replace_links(kind: str, packages: list, here: list):
    """Swaps in a new ROOT/kind made of links to the packages' files."""
    fresh, old = f"{ROOT}/{kind}.new", f"{ROOT}/{kind}.old"
    for path in (fresh, old):
        shutil.rmtree(path, ignore_errors=True)
    os.makedirs(fresh)
    for name in packages:
        for folder in folders_of(f"{ROOT}/active/{name}", kind, here):
            for entry in sorted(os.listdir(folder)):
                os.symlink(f"{folder}/{entry}", f"{fresh}/{entry}")
    if os.path.isdir(f"{ROOT}/{kind}"):
        os.rename(f"{ROOT}/{kind}", old)
    os.rename(fresh, f"{ROOT}/{kind}")
    shutil.rmtree(old, ignore_errors=True)


def activate(ids: list, here: list):
    fresh = f"{ROOT}/active"
    for package_id in ids:
        link = f"{fresh}/{package_id.split('--')[0]}"
        if os.path.lexists(f"{link}.new"):
            os.unlink(f"{link}.new")
        os.symlink(f"../packages/{package_id}", f"{link}.new")
        os.replace(f"{link}.new", link)
    names = [package_id.split("--")[0] for package_id in ids]
    for kind in ("bin", "etc"):
        replace_links(kind, names, here)
    for name in names:
        with open(f"{fresh}/{name}/pkginfo.json", encoding="utf-8") as file:
            info = json.load(file)
        if "username" in info:
            create_user(info["username"])
        if info.get("state_directory"):
            state = f"/var/lib/dcos/{name}"
            os.makedirs(state, exist_ok=True)
            if "username" in info:
                shutil.chown(state, info["username"], info["username"])
    return names


def install_units(names: list, here: list) -> list:
    wants = f"{SYSTEMD}/dcos.target.wants"
    os.makedirs(wants, exist_ok=True)
    old = set(os.listdir(wants))
    units = []
    for name in names:
        for folder in folders_of(f"{ROOT}/active/{name}", "dcos.target.wants", here):
            for unit in sorted(os.listdir(folder)):
                shutil.copyfile(f"{folder}/{unit}", f"{SYSTEMD}/{unit}")
                if unit not in old:
                    os.symlink(f"{SYSTEMD}/{unit}", f"{wants}/{unit}")
                units.append(unit)
    for unit in old - set(units):
        os.unlink(f"{wants}/{unit}")
    with open(f"{SYSTEMD}/dcos.target", "w", encoding="utf-8") as file:
        file.write(TARGET)
    return units


def setup(block: bool):
    here = roles()
    url = read(f"{CONFIG}/setup-flags/repository-url")
    list_id = read(f"{CONFIG}/setup-flags/cluster-package-list")
    listing = f"{ROOT}/packages/{list_id}.package_list.json"
    fetch({f"{url}/package_lists/{list_id}.package_list.json": listing})
    only_on = json.loads(read(f"{ROOT}/active/practice/only_on.json"))
    ids = [i for i in json.loads(read(listing)) if wanted_here(i, only_on, here)]
    fetch_packages(url, ids)
    os.makedirs("/var/lib/dcos", exist_ok=True)
    say("Activating packages")
    # To read all units takes systemd seconds on an emulated processor: new ones it reads by itself.
    known = os.path.exists(f"{SYSTEMD}/dcos.target")
    units = install_units(activate(ids, here), here)
    say(f"Starting {' '.join(units)}")
    subprocess.run(["systemctl", "enable", "--no-reload", "dcos.target"], check=True)
    if known:
        subprocess.run(["systemctl", "daemon-reload"], check=True)
    running = subprocess.run(["systemctl", "is-active", "--quiet", "dcos.target"]).returncode == 0
    start = ["restart", *units] if running else ["start", "dcos.target"]
    subprocess.run(["systemctl", *start, *([] if block else ["--no-block"])], check=True)


def main() -> int:
    arguments = sys.argv[1:]
    if not arguments or arguments[0] != "setup" or set(arguments[1:]) - {"--no-block-systemd"}:
        print("usage: pkgpanda setup [--no-block-systemd]", file=sys.stderr)
        return 2
    setup(block="--no-block-systemd" not in arguments)
    return 0
