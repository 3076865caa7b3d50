"""Short forms of Compose as long ones: one reading, for the rules that check and for what is built from it.

Everything here takes values that passed the schema, or of which the wrong parts were taken out; each answer
comes with its path, so that a rule can say where.
"""

from __future__ import annotations

import base64
import binascii
import shlex
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, cast

from ailtire_deploy.documents import Path
from ailtire_deploy.model import Condition, Dependency, FileMount, Mount
from ailtire_deploy.templating import UNKNOWN

MODE = 0o444
_CONDITIONS = {"service_completed_successfully": "completed"}


class Malformed(ValueError):
    """A short form that means nothing; the message says why."""


def items(value: Any) -> Iterator[tuple[int, Any]]:
    """The entries of a list that are known."""
    if isinstance(value, list):
        yield from ((index, each) for index, each in enumerate(value) if each is not UNKNOWN)


def text(value: Any) -> str:
    """A scalar as Compose writes it into an environment."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def pairs(value: Any) -> Iterator[tuple[Path, str, str]]:
    """Environment or labels: path, name, value."""
    if isinstance(value, Mapping):
        yield from (((name,), name, text(each)) for name, each in value.items())
    for index, each in items(value):
        name, _, content = each.partition("=")
        yield (index,), name, content


def as_map(value: Any) -> dict[str, str]:
    return {name: content for _, name, content in pairs(value)}


def listed(value: Any) -> list[str]:
    """One text, or several."""
    return [value] if isinstance(value, str) else [str(each) for _, each in items(value)]


def hosts(value: Any) -> Iterator[tuple[str, str]]:
    """Names and addresses of ``extra_hosts``; in a list they are joined by ``:`` or ``=``.

    An address of IPv6 may stand in brackets, which no hosts file knows.
    """
    pairs = list(value.items()) if isinstance(value, Mapping) else []
    pairs += (each.partition("=" if "=" in each else ":")[::2] for _, each in items(value))
    yield from ((str(name), str(address).strip("[]")) for name, address in pairs)


def limit(value: Any) -> dict[str, int]:
    """One of ``ulimits``: one number for both, or each by itself."""
    if isinstance(value, Mapping):
        return {"soft": value["soft"], "hard": value["hard"]}
    return {"soft": value, "hard": value}


def words(value: Any) -> list[str]:
    """A command as a list; a text is split as a shell would. Raises Malformed for an open quote."""
    if isinstance(value, list):
        return [str(each) for _, each in items(value)]
    try:
        return shlex.split(value)
    except ValueError:
        raise Malformed("a quote is not closed") from None


def test(value: Any) -> list[str]:
    """A health check's command; a text is for the shell. Raises Malformed."""
    if isinstance(value, str):
        return ["CMD-SHELL", value]
    found = words(value)
    if not found or found[0] not in ("CMD", "CMD-SHELL", "NONE") or (found[0] != "NONE" and len(found) < 2):
        raise Malformed("a list starts with CMD or CMD-SHELL, and a command follows")
    return found


def content(config: Mapping[str, Any]) -> bytes:
    """What a config holds. Raises Malformed when it is no base64."""
    if "base64" not in config:
        return str(config.get("content", "")).encode(errors="replace")
    try:
        return base64.b64decode(config["base64"], validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not base64") from None


def capabilities(value: Any) -> list[str]:
    """Capabilities by their short names, each once."""
    return sorted({str(each).removeprefix("CAP_") for _, each in items(value)})


def dependencies(service: Mapping[str, Any], jobs: Collection[str] = ()) -> Iterator[tuple[Path, Dependency]]:
    """What a service waits for; without a word for it, a job has to have completed."""
    wanted = service.get("depends_on")
    if isinstance(wanted, Mapping):
        for key, value in wanted.items():
            word = (value or {}).get("condition", "completed" if key in jobs else "started")
            condition = _CONDITIONS.get(word, word.removeprefix("service_"))
            required = (value or {}).get("required", True)
            yield ("depends_on", key), Dependency(key, cast(Condition, condition), required)
    for index, key in items(wanted):
        yield ("depends_on", index), Dependency(key, "completed" if key in jobs else "started")


def file_mounts(
    service: Mapping[str, Any], kind: Literal["configs", "secrets"]
) -> Iterator[tuple[Path, FileMount]]:
    """Configs appear at ``/KEY``, secrets in ``/run/secrets``, unless they say where."""
    for index, value in items(service.get(kind)):
        long = {"source": value} if isinstance(value, str) else value
        if "source" in long:
            yield (kind, index), _file_mount(long, "/" if kind == "configs" else "")


def _file_mount(long: Mapping[str, Any], folder: str) -> FileMount:
    mode = int(long["mode"], 8) if "mode" in long else MODE
    target = long.get("target", f"{folder}{long['source']}")
    return FileMount(long["source"], target, text(long.get("uid", "0")), text(long.get("gid", "0")), mode)


def mounts(service: Mapping[str, Any]) -> Iterator[tuple[Path, Mount]]:
    """Volumes and tmpfs; entries that are malformed are left out, ``malformed_mounts`` has them."""
    for path, value in _mount_values(service):
        try:
            yield path, mount(value)
        except Malformed:
            continue


def malformed_mounts(service: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for path, value in _mount_values(service):
        try:
            mount(value)
        except Malformed as error:
            yield path, str(error)


def _mount_values(service: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    yield from ((("volumes", index), value) for index, value in items(service.get("volumes")))
    memory = service.get("tmpfs")
    if isinstance(memory, str):
        yield ("tmpfs",), {"type": "tmpfs", "target": memory}
    yield from ((("tmpfs", index), {"type": "tmpfs", "target": each}) for index, each in items(memory))


def mount(value: Any) -> Mount:
    """One entry of ``volumes``, short or long. Raises Malformed."""
    if isinstance(value, str):
        return _short_mount(value)
    if "target" not in value:
        raise Malformed("")
    kind = value.get("type", "volume")
    return Mount(
        kind,
        value.get("source", ""),
        value["target"],
        value.get("read_only", False),
        dict(value.get(kind, {})),
    )


def _short_mount(value: str) -> Mount:
    """``/path``, ``key:/path`` or ``key:/path:ro``; what starts like a path of the host is a bind mount."""
    parts = value.split(":")
    if len(parts) == 1:
        parts = ["", *parts]
    source, target, *flags = parts
    words = [word for flag in flags for word in flag.split(",")]
    if len(parts) > 3 or not target.startswith("/") or not set(words) <= {"ro", "rw", "nocopy"}:
        raise Malformed("a volume looks like KEY:/path or KEY:/path:ro")
    kind: Literal["bind", "volume"] = "bind" if source[:1] in ("/", ".", "~") else "volume"
    return Mount(kind, source, target, "ro" in words, {"nocopy": True} if "nocopy" in words else {})
