"""Trees as package archives: the same tree always gives the same bytes and the same id."""
import hashlib
import io
import lzma
import os
import stat
import tarfile
from pathlib import Path

EPOCH = 1577836800  # 2020-01-01: the time of every file in every archive


def tree_hash(tree: Path) -> str:
    """40 hex digits over names, kinds, executable bits and contents."""
    total = hashlib.sha1()
    for path in sorted(tree.rglob("*"), key=lambda p: p.relative_to(tree).as_posix()):
        name = path.relative_to(tree).as_posix()
        if path.is_symlink():
            entry = f"link {name} {os.readlink(path)}"
        elif path.is_dir():
            entry = f"folder {name}"
        else:
            content = hashlib.sha1(path.read_bytes()).hexdigest()
            entry = f"file {name} {bool(path.stat().st_mode & stat.S_IXUSR)} {content}"
        total.update(entry.encode() + b"\n")
    return total.hexdigest()


def tree_tar(tree: Path) -> bytes:
    """GNU tar of the tree: sorted, owned by root, modes 0755 and 0644."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(tree.rglob("*"), key=lambda p: p.relative_to(tree).as_posix()):
            info = tar.gettarinfo(path, path.relative_to(tree).as_posix())
            if info.islnk():  # a hard link on this machine is a file of its own in the archive
                info.type, info.linkname, info.size = tarfile.REGTYPE, "", path.stat().st_size
            info.uid = info.gid = 0
            info.uname = info.gname = "root"
            info.mtime = EPOCH
            executable = info.isdir() or info.mode & stat.S_IXUSR
            info.mode = 0o777 if info.issym() else 0o755 if executable else 0o644
            if info.isreg():
                with open(path, "rb") as content:
                    tar.addfile(info, content)
            else:
                tar.addfile(info)
    return out.getvalue()


def xz(data: bytes, machine_code: bool = False) -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
    if machine_code:
        filters.insert(0, {"id": lzma.FILTER_X86})
    return lzma.compress(data, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=filters)
