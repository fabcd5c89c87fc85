"""A container image in the format of `docker save`, made without a container engine."""
import hashlib
import io
import json
import tarfile
from datetime import datetime, timezone

from packages import EPOCH

CREATED = datetime.fromtimestamp(EPOCH, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _add(tar: tarfile.TarFile, name: str, data: bytes):
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(data), EPOCH, 0o644
    tar.addfile(info, io.BytesIO(data))


def _json(value) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def image_archive(layer: bytes, repository: str, tag: str, entrypoint: list, env: list) -> bytes:
    """One layer (a tar), loadable by `docker load` of any release since 1.10."""
    diff = hashlib.sha256(layer).hexdigest()
    config = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": CREATED,
            "config": {"Entrypoint": entrypoint, "Env": env, "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff}"]},
            "history": [{"created": CREATED, "created_by": "practice release"}],
        }
    )
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        _add(tar, config_name, config)
        _add(tar, f"{diff}/VERSION", b"1.0")
        _add(tar, f"{diff}/json", _json({"id": diff, "created": CREATED, "os": "linux"}))
        _add(tar, f"{diff}/layer.tar", layer)
        _add(
            tar,
            "manifest.json",
            _json(
                [
                    {
                        "Config": config_name,
                        "RepoTags": [f"{repository}:{tag}"],
                        "Layers": [f"{diff}/layer.tar"],
                    }
                ]
            ),
        )
        _add(tar, "repositories", _json({repository: {tag: diff}}))
    return out.getvalue()
