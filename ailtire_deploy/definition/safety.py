"""What a definition may not do to the host, to others, or to whoever looks at it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ailtire_deploy.definition import forms
from ailtire_deploy.definition.draft import Draft, texts
from ailtire_deploy.definition.findings import Finding
from ailtire_deploy.definition.parameters import section
from ailtire_deploy.documents import Path
from ailtire_deploy.names import OUR_LABELS

ALLOWED = frozenset(
    {"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"}
)
REMOTE = {"nfs": ":/", "nfs4": ":/", "cifs": "//", "tmpfs": "tmpfs"}
LONGEST = 120_000  # characters of one text: Linux starts no program with an argument over 128 KiB
_POLICY = "an operator's policy that allows it comes with a later version"
# Control characters but tab and line ends, what moves or reorders text on a screen, and halves of characters.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def findings(draft: Draft) -> Iterator[Finding]:
    """What would reach out of the containers, or pretend to be ours."""
    for key, service in draft.plain.items():
        at: Path = ("services", key)
        yield from _mounts(at, service)
        yield from _capabilities(at, service)
        yield from _files(at, service)
        yield from _labels(at, service)
    for key, volume in section(draft.data, "volumes").items():
        yield from _volume(("volumes", key), volume or {})


def _volume(at: Path, volume: Mapping[str, Any]) -> Iterator[Finding]:
    """The options of ``local`` are those of mount(8): with them a folder of the host is mounted as well."""
    if volume.get("driver", "local") != "local" or not volume.get("driver_opts"):
        return
    options = {name: value for _, name, value in forms.pairs(volume["driver_opts"])}
    kind, device = options.get("type", ""), options.get("device", "")
    for name in sorted(options.keys() - {"type", "o", "device"}):
        yield Finding((*at, "driver_opts", name), "local knows type, o and device")
    if kind not in REMOTE or not device.startswith(REMOTE[kind]):
        hint = "nfs has a device like :/exports/data, cifs one like //server/share, tmpfs the device tmpfs"
        yield Finding((*at, "driver_opts"), "this mounts what is on the host", hint)
    elif {"bind", "rbind"} & set(options.get("o", "").split(",")):
        yield Finding((*at, "driver_opts", "o"), "bind mounts what is on the host", _POLICY)


def _mounts(at: Path, service: dict[str, object]) -> Iterator[Finding]:
    for path, mount in forms.mounts(service):
        if mount.type == "bind":
            yield Finding((*at, *path), "a bind mount gives the host away", _POLICY)
        if not _stays(mount.target):
            yield Finding((*at, *path), "the target is no place inside the container")


def _capabilities(at: Path, service: dict[str, object]) -> Iterator[Finding]:
    for index, name in forms.items(service.get("cap_add")):
        if name.removeprefix("CAP_") not in ALLOWED:
            yield Finding((*at, "cap_add", index), f"{name[:40]} reaches beyond the container", _POLICY)
    added, dropped = (set(forms.capabilities(service.get(key))) for key in ("cap_add", "cap_drop"))
    for name in sorted(added & dropped):
        yield Finding((*at, "cap_drop"), f"{name} is added and dropped", "all are dropped that are not added")


def _files(at: Path, service: dict[str, object]) -> Iterator[Finding]:
    for path, use in [*forms.file_mounts(service, "configs"), *forms.file_mounts(service, "secrets")]:
        if not _stays(f"/{use.target}"):
            yield Finding((*at, *path, "target"), "the target is no place inside the container")


def _labels(at: Path, service: dict[str, object]) -> Iterator[Finding]:
    deploy = service.get("deploy")
    for where, given in ((("labels",), service), (("deploy", "labels"), deploy)):
        labels = given.get("labels") if isinstance(given, Mapping) else None
        for path, name, _ in forms.pairs(labels):
            if name.startswith((OUR_LABELS, "com.docker.")):
                said = f"labels {name.split('.')[0]}.… belong to the tools"
                yield Finding((*at, *where, *path), said, "use another name")


def _stays(target: str) -> bool:
    return target.strip("/") != "" and not {".", ".."} & set(target.split("/"))


def unfit_texts(data: object) -> Iterator[Finding]:
    """Texts and keys that a terminal would obey or nobody could take; those of a child are its own matter."""
    for path, text in texts(data):
        if path[2:3] == ("definition",) and path[0] == "services" and len(path) > 3:
            continue
        if found := _CONTROL.search(text):
            yield Finding(path, f"holds the control character U+{ord(found[0]):04X}", "write it without")
        elif len(text) > LONGEST:
            yield Finding(path, f"is longer than {LONGEST} characters", "no program can be given as much")


def printable(text: str) -> bool:
    """Whether a text holds no such character."""
    return _CONTROL.search(text) is None
