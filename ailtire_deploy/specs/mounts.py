"""Volumes, memory file systems and bind mounts of a service in the engine's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ailtire_deploy import names
from ailtire_deploy.specs.document import Document
from ailtire_deploy.units import size


def mount(document: Document, given: Mapping[str, Any]) -> dict[str, Any]:
    """One entry of ``volumes`` in its long form."""
    kind = given["type"]
    found = {
        "Type": kind,
        "Source": given.get("source"),
        "Target": given["target"],
        "ReadOnly": given.get("read_only"),
    }
    options = given.get(kind, {})
    if kind == "tmpfs":
        found["TmpfsOptions"] = {"SizeBytes": _bytes(options)}
    elif kind == "volume" and found["Source"]:
        found |= _volume(document, found["Source"], options)
    return found


def _bytes(options: Mapping[str, Any]) -> int | None:
    return size(options["size"]) if "size" in options else None


def _volume(document: Document, key: str, options: Mapping[str, Any]) -> dict[str, Any]:
    declared = document.volumes[key] or {}
    driver = {"Name": declared.get("driver"), "Options": dict(declared.get("driver_opts", {}))}
    return {
        "Source": document.volume(key),
        "VolumeOptions": {
            "NoCopy": options.get("nocopy"),
            "Labels": {**declared.get("labels", {}), **labels(document)},
            "DriverConfig": driver,
        },
    }


def labels(document: Document) -> dict[str, str]:
    """Whose a volume is; it outlives its stack, and these labels are all that tells."""
    return {
        names.LABEL_ROOT: str(document.path.root),
        names.LABEL_PATH: str(document.path),
        names.LABEL_NAMESPACE: document.path.engine,
    }
