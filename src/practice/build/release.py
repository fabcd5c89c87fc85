"""Builds the practice release.

    release.py --packages DIR --work DIR --check-time FILE --output FILE

Debian packages and the files beside this one go in; one self-extracting installer comes out.
Nothing is downloaded. The same inputs give the same ids.
"""
import argparse
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(1, str(Path(__file__).resolve().parent.parent / "genconf"))
from image import image_archive  # noqa: E402
from packages import EPOCH, tree_hash, tree_tar, xz  # noqa: E402
from payload import RUNTIME, Payload  # noqa: E402

SOURCE = Path(__file__).resolve().parent.parent
VERSION = "2.0.7-practice"
BOOTSTRAP = ["practice", "runtime"]  # on a node before `setup` runs
MASTER_ONLY = [
    "exhibitor",
    "java",
    "marathon",
    "mesos-dns",
    "metronome",
]  # others are for every role


def write(path: Path, text: str, mode: int = 0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def write_json(path: Path, value):
    write(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def build_trees(payload: Payload, trees: Path, check_time: Path) -> list:
    """One folder per package under `trees`; the names."""
    shutil.rmtree(trees, ignore_errors=True)
    for folder in sorted((SOURCE / "node").iterdir()):
        if folder.is_dir() and folder.name != "practice":
            shutil.copytree(folder, trees / folder.name)
    for part, place in (
        ("runtime", "runtime"),
        ("java", "java"),
        ("zookeeper", "exhibitor/jars"),
        ("nginx", "adminrouter/sbin"),
    ):
        shutil.copytree(payload.made(part), trees / place, symlinks=True)
    library = trees / "practice/lib/practice"
    shutil.copytree(
        SOURCE / "node/practice",
        trees / "practice",
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    payload.compile(library, "/opt/mesosphere/active/practice/lib/practice", keep_source=True)
    shutil.copy(check_time, trees / "practice/bin/check-time")
    write_json(trees / "practice/only_on.json", {name: ["master"] for name in MASTER_ONLY})
    for name in (names := sorted(p.name for p in trees.iterdir())):
        if not (trees / name / "pkginfo.json").exists():
            write_json(trees / name / "pkginfo.json", {})
    return names


def bootstrap_tree(trees: Path, ids: dict, into: Path):
    """What dcos-download unpacks into /opt/mesosphere: enough for `setup` to run."""
    shutil.rmtree(into, ignore_errors=True)
    for folder in ("active", "bin", "etc"):
        (into / folder).mkdir(parents=True)
    for name in BOOTSTRAP:
        shutil.copytree(trees / name, into / "packages" / ids[name], symlinks=True)
        os.symlink(f"../packages/{ids[name]}", into / "active" / name)
    os.symlink("../active/practice/bin/pkgpanda", into / "bin/pkgpanda")
    shutil.copy(SOURCE / "node/practice/environment", into / "environment")


def packed(tree: Path, package_id: str, machine_code: bool, work: Path) -> Path:
    """The tree's archive. The id says what is in it: one of an earlier build is as good."""
    archive = work / "packed" / f"{package_id}.tar.xz"
    for older in archive.parent.glob(f"{package_id.split('--')[0]}--*"):
        if older != archive:
            older.unlink()
    if not archive.exists():
        archive.parent.mkdir(exist_ok=True)
        partial = archive.with_suffix(".partial")
        partial.write_bytes(xz(tree_tar(tree), machine_code))
        partial.rename(archive)
    return archive


def write_artifacts(trees: Path, names: list, artifacts: Path, work: Path) -> dict:
    """The image's /artifacts: what genconf hands to genconf/serve. Also ids and commit."""
    shutil.rmtree(artifacts, ignore_errors=True)
    ids = {name: f"{name}--{tree_hash(trees / name)}" for name in names}
    for name in names:
        if name in BOOTSTRAP:
            continue
        target = artifacts / "packages" / name / f"{ids[name]}.tar.xz"
        target.parent.mkdir(parents=True)
        shutil.copyfile(
            packed(trees / name, ids[name], name in ("java", "adminrouter"), work), target
        )
    bootstrap_tree(trees, ids, work / "bootstrap")
    active = sorted(ids[name] for name in BOOTSTRAP)
    bootstrap_id = tree_hash(work / "bootstrap")
    (artifacts / "bootstrap").mkdir()
    shutil.copyfile(
        packed(work / "bootstrap", f"bootstrap--{bootstrap_id}", True, work),
        artifacts / f"bootstrap/{bootstrap_id}.bootstrap.tar.xz",
    )
    write_json(artifacts / f"bootstrap/{bootstrap_id}.active.json", active)
    commit = hashlib.sha1("\n".join([VERSION, *sorted(ids.values())]).encode())
    for source in sorted((SOURCE / "genconf").rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            commit.update(source.read_bytes())
    release = {
        "version": VERSION,
        "variant": "practice",
        "commit": commit.hexdigest(),
        "bootstrap_id": bootstrap_id,
        "package_ids": sorted(ids.values()),
    }
    write_json(artifacts / "release.json", release)
    return release


def image_tree(payload: Payload, trees: Path, artifacts: Path, into: Path):
    """The installer's image: the runtime, genconf, and what it serves."""
    shutil.rmtree(into, ignore_errors=True)
    runtime = into / RUNTIME.lstrip("/")
    shutil.copytree(trees / "runtime", runtime, symlinks=True)
    for name in ("libssl.so.3", "libcrypto.so.3", "libstdc++.so.6", "libpcre2-8.so.0"):
        (runtime / "lib" / name).unlink()
    for extension in ("_ssl", "_hashlib"):
        next((runtime / "lib/python3.11/lib-dynload").glob(f"{extension}.*")).unlink()
    shutil.rmtree(runtime / "lib/python3.11/kazoo")
    shutil.copytree(
        SOURCE / "genconf", into / "installer/genconf", ignore=shutil.ignore_patterns("__pycache__")
    )
    payload.compile(into / "installer/genconf", "/installer/genconf", keep_source=True)
    shutil.copytree(artifacts, into / "artifacts")
    for folder in ("genconf", "tmp"):
        (into / folder).mkdir()


def write_installer(release: dict, image: bytes, image_version: str, output: Path):
    genconf_tar = f"dcos-genconf.{image_version}.tar"
    head = (SOURCE / "installer/dcos_generate_config.sh.in").read_text()
    head = head.replace("@GENCONF_TAR@", genconf_tar)
    head = head.replace("@IMAGE@", f"mesosphere/dcos-genconf:{image_version}")
    head += "\n#EOF#\n"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo(genconf_tar)
        info.size, info.mtime, info.mode = len(image), EPOCH, 0o644
        tar.addfile(info, io.BytesIO(image))
    partial = output.with_name(output.name + ".partial")
    partial.write_bytes(head.encode() + out.getvalue())
    partial.chmod(0o755)
    partial.rename(output)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("packages", "work", "check-time", "output"):
        parser.add_argument(f"--{option}", type=Path, required=True)
    args = parser.parse_args()
    work = args.work.resolve()
    payload = Payload(args.packages.resolve(), work)
    payload.make()
    names = build_trees(payload, work / "trees", args.check_time)
    release = write_artifacts(work / "trees", names, work / "artifacts", work)
    image_tree(payload, work / "trees", work / "artifacts", work / "image")
    image_version = f"{release['commit'][:18]}-{release['bootstrap_id'][:18]}"
    image = image_archive(
        tree_tar(work / "image"),
        "mesosphere/dcos-genconf",
        image_version,
        [f"{RUNTIME}/bin/python3", "-EsS", "/installer/genconf"],
        ["LANG=C.UTF-8"],
    )
    args.output.parent.mkdir(parents=True, exist_ok=True)
    write_installer(release, image, image_version, args.output)
    size = args.output.stat().st_size / 1e6
    print(f"practice release {release['version']}: {args.output} ({size:.1f} MB)")


if __name__ == "__main__":
    main()
