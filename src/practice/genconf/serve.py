"""Writes genconf/serve: everything that nodes fetch, named by content."""
import hashlib
import io
import json
import os
import shlex
import shutil
import stat
import tarfile

from packages import EPOCH, xz

HERE = os.path.dirname(os.path.abspath(__file__))
# Parameters that may not lie readable on every node.
SECRETS = (
    "exhibitor_admin_password",
    "aws_secret_access_key",
    "exhibitor_azure_account_key",
    "cluster_docker_credentials",
)


def write(path: str, content, mode: int = 0o644):
    """Whole or not at all: nodes may be fetching."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    with open(f"{path}.partial", "wb") as file:
        file.write(data)
    os.chmod(f"{path}.partial", mode)
    os.replace(f"{path}.partial", path)


def pretty(value) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def package(files: dict) -> bytes:
    """tar.xz of {name: (text, mode)}, always the same bytes for the same files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        folders = {os.path.dirname(name) for name in files} - {""}
        for folder in sorted(folders):
            info = tarfile.TarInfo(folder)
            info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o755, EPOCH
            tar.addfile(info)
        for name in sorted(files):
            text, mode = files[name]
            data = text.encode()
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(data), mode, EPOCH
            info.uname = info.gname = "root"
            tar.addfile(info, io.BytesIO(data))
    return xz(out.getvalue())


def environment(**values) -> str:
    return "".join(f"{key}={value}\n" for key, value in values.items())


def proxy_environment(expanded: dict) -> str:
    if expanded["use_proxy"] != "true":
        return ""
    own = [".mesos", ".thisdcos.directory", ".dcos.directory", ".zk", "127.0.0.1", "localhost"]
    no_proxy = ",".join(own + json.loads(expanded["no_proxy"]))
    return environment(
        http_proxy=expanded["http_proxy"],
        https_proxy=expanded["https_proxy"],
        no_proxy=f'"{no_proxy}"',
    )


def config_files(arguments: dict, expanded: dict) -> dict:
    public = {k: "**HIDDEN**" if k in SECRETS and v else v for k, v in expanded.items()}
    ip_detect = read(expanded["ip_detect_filename"])
    ip_detect_public = read(expanded["ip_detect_public_filename"] or expanded["ip_detect_filename"])
    auth = "return 401;\n" if expanded["oauth_enabled"] == "true" else ""
    user = {k: "**HIDDEN**" if k in SECRETS and v else v for k, v in arguments.items()}
    return {
        "bin/detect_ip": (ip_detect, 0o755),
        "bin/detect_ip_public": (ip_detect_public, 0o755),
        "etc/adminrouter-access.conf": (auth, 0o644),
        "etc/check_time.env": (environment(ENABLE_CHECK_TIME=expanded["check_time"]), 0o644),
        "etc/exhibitor": (
            environment(EXHIBITOR_STATICENSEMBLE=expanded["exhibitor_static_ensemble"]),
            0o644,
        ),
        "etc/expanded.config.json": (pretty(public), 0o644),
        "etc/master_count": (expanded["num_masters"] + "\n", 0o644),
        "etc/master_list": (expanded["master_list"] + "\n", 0o644),
        "etc/proxy.env": (proxy_environment(expanded), 0o644),
        "etc/user.config.yaml": (user_yaml(user), 0o644),
        "pkginfo.json": ("{}\n", 0o644),
    }


def user_yaml(user: dict) -> str:
    import yaml

    return yaml.safe_dump(user, default_flow_style=False)


def metadata_files(release: dict) -> dict:
    version = {
        "version": release["version"],
        "dcos-variant": release["variant"],
        "dcos-image-commit": release["commit"],
        "bootstrap-id": release["bootstrap_id"],
    }
    return {"etc/dcos-version.json": (pretty(version), 0o644), "pkginfo.json": ("{}\n", 0o644)}


def copy_artifacts(artifacts: str, serve: str):
    """Names carry content hashes, so a file of the right size is the right file."""
    for folder in ("bootstrap", "packages"):
        for parent, _, names in os.walk(os.path.join(artifacts, folder)):
            target = os.path.join(serve, os.path.relpath(parent, artifacts))
            os.makedirs(target, exist_ok=True)
            for name in names:
                source, copy = os.path.join(parent, name), os.path.join(target, name)
                if os.path.exists(copy) and os.path.getsize(copy) == os.path.getsize(source):
                    continue
                shutil.copyfile(source, f"{copy}.partial")
                os.chmod(f"{copy}.partial", stat.S_IMODE(0o644))
                os.replace(f"{copy}.partial", copy)


def install_script(expanded: dict, release: dict, package_list_id: str) -> str:
    text = read(os.path.join(HERE, "dcos_install.sh.in"))
    for name, value in {
        "BOOTSTRAP_URL": expanded["bootstrap_url"],
        "BOOTSTRAP_ID": release["bootstrap_id"],
        "BOOTSTRAP_TMP_DIR": expanded["bootstrap_tmp_dir"],
        "MESOS_AGENT_WORK_DIR": shlex.quote(expanded["mesos_agent_work_dir"]),
        "PACKAGE_LIST_ID": package_list_id,
        "COMMIT": release["commit"],
    }.items():
        text = text.replace(f"@{name}@", value)
    return text


def write_serve(artifacts: str, genconf: str, arguments: dict, expanded: dict, release: dict):
    serve = os.path.join(genconf, "serve")
    copy_artifacts(artifacts, serve)
    config = config_files(arguments, expanded)
    identity = json.dumps([release, config], sort_keys=True).encode()
    config_id = hashlib.sha1(identity).hexdigest()
    cluster_packages = {}
    for name, files in (("dcos-config", config), ("dcos-metadata", metadata_files(release))):
        package_id = f"{name}--setup_{config_id}"
        filename = f"packages/{name}/{package_id}.tar.xz"
        write(os.path.join(serve, filename), package(files))
        cluster_packages[name] = {"filename": filename, "id": package_id}
    ids = sorted([*release["package_ids"], *(p["id"] for p in cluster_packages.values())])
    list_text = json.dumps(ids, indent=1)
    list_id = hashlib.sha1(list_text.encode()).hexdigest()
    write(os.path.join(serve, f"package_lists/{list_id}.package_list.json"), list_text)
    write(os.path.join(serve, "cluster-package-list.latest"), list_id)
    write(os.path.join(serve, "cluster-package-info.json"), pretty(cluster_packages))
    write(os.path.join(serve, "bootstrap.latest"), release["bootstrap_id"])
    write(os.path.join(serve, "dcos_install.sh"), install_script(expanded, release, list_id))
    write(os.path.join(genconf, "cluster_packages.json"), pretty(cluster_packages))


def write_upgrade(genconf: str, arguments: dict, installed_version: str, release: dict) -> str:
    """Writes the script that takes one node from `installed_version` here; its address."""
    serve = os.path.join(genconf, "serve")
    list_id = read(os.path.join(serve, "cluster-package-list.latest"))
    text = read(os.path.join(HERE, "dcos_node_upgrade.sh.in"))
    for name, value in {
        "INSTALLED_VERSION": installed_version,
        "VERSION": release["version"],
        "BOOTSTRAP_URL": arguments["bootstrap_url"],
        "PACKAGE_LIST_ID": list_id,
    }.items():
        text = text.replace(f"@{name}@", value)
    folder = hashlib.md5(f"{installed_version} {list_id}".encode()).hexdigest()
    write(os.path.join(serve, "upgrade", folder, "dcos_node_upgrade.sh"), text)
    return f"{arguments['bootstrap_url']}/upgrade/{folder}/dcos_node_upgrade.sh"
