"""A gateway's configuration read back into what it means, knowing HAProxy and nothing of templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ailtire_deploy.model import Closed, Headers, Limits

SERVER = re.compile(r"server-template (\S+) 1-(\d+) tasks\.(\S+):(\d+)(.*)")
SAID = re.compile(
    r'http-request return status 503 content-type "([a-z/]+); charset=utf-8" file (\S+) .* if (\S+)(.*)'
)
ERROR = re.compile(r'http-error status (\d+) content-type "([a-z/]+); charset=utf-8" file (\S+) ')
SPLIT = re.compile(
    r"set-var\(txn\.back\) str\((\S+)\) if \{ var\(txn\.back\) -m str (\S+) \}"
    r"(?: \{ rand\(100\) lt (\d+) \})?"
)
TEXT = "text/plain"


@dataclass
class Behind:
    """A backend: whose tasks, at which port, room for how many, and how they are looked after."""

    service: str = ""
    port: int = 0
    slots: int = 0
    path: str = ""
    timeout: int = 2000
    interval: int = 500
    fall: int = 1
    slow_start: int = 0
    gateways: bool = False
    speaks: str = ""


@dataclass
class _Limits:
    """Limits as they come together, line by line."""

    methods: tuple[str, ...] = ()
    allow: list[str] = field(default_factory=list)
    timeout: int = 0
    max_body: int | None = None
    headers: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    inside: list[str] = field(default_factory=list)
    closed: bool = False
    message: str = ""

    def made(self) -> Limits:
        way = {key: self._headers(key) for key in ("request", "response")}
        closed = Closed(self.message, tuple(self.inside)) if self.closed else None
        return Limits(
            self.methods, tuple(self.allow), self.timeout / 1000, self.max_body, **way, closed=closed
        )

    def _headers(self, way: str) -> Headers:
        given = self.headers.get(way, [])
        pairs = tuple((name, value) for verb, name, value in given if verb == "set")
        return Headers(pairs, tuple(name for verb, name, _ in given if verb == "del"))


@dataclass
class Meaning:
    """All that a configuration says about routes."""

    behind: dict[str, Behind] = field(default_factory=dict)
    limits: dict[str, Limits] = field(default_factory=dict)
    pages: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    splits: dict[str, tuple[str, int]] = field(default_factory=dict)
    passed: dict[tuple[int, str], tuple[str, tuple[str, ...]]] = field(default_factory=dict)


def meaning(config: str, files: Mapping[str, bytes]) -> Meaning:
    """What a gateway's configuration says; ``files`` lie beside it."""
    found, limits, here, port = Meaning(), dict[str, _Limits](), "", 0
    allowed: list[str] = []
    limited: dict[tuple[int, str], tuple[str, ...]] = {}
    for line in map(str.strip, config.splitlines()):
        if line.startswith("backend "):
            here = line.split()[1]
        elif names := re.match(r"acl (l[0-9a-f]{8}) ", line):
            limits[names[1]] = _Limits()
        _server(found, here, line)
        _limit(limits, files, line)
        if frontend := re.match(r"frontend tcp\.(\d+)$", line):
            port, here, allowed = int(frontend[1]), "", []
        elif ranges := re.match(r"acl allowed src (.*)", line):
            allowed += ranges[1].split()
        elif way := re.match(r"use_backend (\S+) if \{ var\(sess\.face\) -m str (\S+) \}$", line):
            found.passed[port, way[2]] = (way[1], ())
        elif way := re.match(r"tcp-request session reject if \{ var\(sess\.face\) -m str (\S+) \}", line):
            limited[port, way[1]] = tuple(allowed)
        if page := ERROR.match(line):
            found.pages[int(page[1])] = (page[2], files[page[3]])
        if split := SPLIT.search(line):
            found.splits[split[2]] = (split[1], int(split[3] or 100))
    found.passed |= {at: (found.passed[at][0], ranges) for at, ranges in limited.items()}
    found.limits = {name: each.made() for name, each in limits.items()}
    return found


def _server(found: Meaning, here: str, line: str) -> None:
    behind = found.behind.setdefault(here, Behind()) if here else Behind()
    if server := SERVER.match(line):
        behind.slots, behind.service, behind.port = int(server[2]), server[3], int(server[4])
        words = server[5].split()
        told = dict(zip(words[::2], words[1::2], strict=False))
        behind.interval = int(told.get("inter", "500ms").removesuffix("ms"))
        behind.fall = int(told.get("fall", 1))
        behind.slow_start = int(told.get("slowstart", "0ms").removesuffix("ms"))
        behind.gateways = told.get("resolvers") == "gateways"
        behind.speaks = "h2c" if told.get("proto") == "h2" else "proxy" if "send-proxy-v2" in words else ""
    elif check := re.match(r"http-check send meth GET uri (\S+) ver HTTP/1\.1 hdr Host (\S+)$", line):
        behind.path = check[1]
    elif time := re.match(r"timeout check (\d+)ms", line):
        behind.timeout = int(time[1])


def _limit(limits: dict[str, _Limits], files: Mapping[str, bytes], line: str) -> None:
    if ranges := re.match(r"acl (l[0-9a-f]{8})_(from|in) req\.hdr_ip\(x-forwarded-for,1\) (.*)", line):
        getattr(limits[ranges[1]], {"from": "allow", "in": "inside"}[ranges[2]]).extend(ranges[3].split())
    elif methods := re.match(r'http-request return status 405 hdr Allow "([^"]*)" .* if (\S+) !', line):
        limits[methods[2]].methods = tuple(methods[1].split(", "))
    elif size := re.match(r".*return status 413 default-errorfiles if (\S+) .* gt (\d+) \}", line):
        limits[size[1]].max_body = int(size[2])
    elif time := re.match(r"http-request set-timeout server (\d+)ms if .* -m str (\S+) \}", line):
        limits[time[2]].timeout = int(time[1])
    elif header := re.match(r'http-(request|response) set-header (\S+) "([^"]*)" if (l[0-9a-f]{8})$', line):
        limits[header[4]].headers.setdefault(header[1], []).append(("set", header[2], header[3]))
    elif header := re.match(r"http-(request|response) del-header (\S+) if (l[0-9a-f]{8})$", line):
        limits[header[3]].headers.setdefault(header[1], []).append(("del", header[2], ""))
    elif said := SAID.match(line):
        limits[said[3]].closed = True
        if said[1] == TEXT and not said[4].startswith(" {"):
            limits[said[3]].message = files[said[2]].decode().removesuffix("\n")
    elif said := re.match(
        r"http-request return status 503 content-type text/plain .* if (l[0-9a-f]{8})", line
    ):
        limits[said[1]].closed = True
