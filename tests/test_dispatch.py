"""Route tables: the map says what the rules say, read back and asked, and a real HAProxy answers by it."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ailtire_deploy import topology
from ailtire_deploy.model import Child, Limits, Route, Service, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.passages import Use
from ailtire_deploy.render import dispatch, proxy
from ailtire_deploy.topology import Face, Rule, Topology
from tests.proxies import Proxy, free_port, running

SEGMENTS = ["a", "b", "shop", "shop2", "a.b", "_admin", "_down", "x~y"]
HOSTS = ["", "example.com", "a.example.com", "shop"]
ADDRESSES = ("127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5")

GRANTS = {
    "shop": [(), (Use("web", "web"),), (Use("example.com", "api", 8080),), (Use("a.example.com", "wiki"),)],
    "wiki": [
        (),
        (Use("shop", "shop"), Use("example.com", "above")),
        (Use("above", "above"), Use("a", "api")),
    ],
}

plain = st.sampled_from([each for each in SEGMENTS if not each.startswith("_")])
prefixes = st.lists(plain, max_size=3).map(lambda parts: "/" + "/".join(parts))
paths = st.lists(st.sampled_from(SEGMENTS), max_size=4).map(lambda parts: "/" + "/".join(parts))
hosts = st.sampled_from(HOSTS)


@st.composite
def tables(draw: st.DrawFn) -> Stack:
    """A stack of two services and two children with routes of any kind, no two on one prefix, and grants."""
    mounts = draw(st.lists(st.tuples(hosts, prefixes), unique=True, max_size=12))
    found: dict[str, list[Route]] = {key: [] for key in ("web", "api", "shop", "wiki")}
    for host, prefix in mounts:
        key = draw(st.sampled_from(sorted(found)))
        port = None if key in ("shop", "wiki") else 8080
        methods = draw(st.sampled_from([(), (), ("GET",), ("HEAD", "POST")]))
        found[key].append(Route(key, prefix, draw(prefixes), host, port, Limits(methods=methods)))
    return Stack(
        StackPath(("mall",)),
        services=tuple(Service(key, key, routes=tuple(found[key])) for key in ("web", "api")),
        children=tuple(
            Child(key, {}, routes=tuple(found[key]), uses=draw(st.sampled_from(GRANTS[key])))
            for key in ("shop", "wiki")
        ),
        uses=(Use("above"),),
    )


def fits(rule: Rule, method: str, host: str, path: str) -> bool:
    """Whether a rule is about a request, by the words of its docstring."""
    closed = f"{path}/"
    return (
        rule.host in ("", host)
        and rule.method in ("", method)
        and (not rule.segment or f"/{rule.segment}/" in closed)
        and (path == rule.prefix if rule.exact else closed.startswith(f"{rule.prefix.rstrip('/')}/"))
    )


def decided(face: Face, method: str, host: str, path: str) -> Rule | None:
    """The first rule that fits, if it leads anywhere."""
    found = next((rule for rule in face.rules if fits(rule, method, host, path)), None)
    return found if found and found.target else None


def rewritten(rule: Rule, path: str) -> str:
    """The path as the target sees it."""
    if rule.prefix == rule.path:
        return path
    rest = path if rule.prefix == "/" else path[len(rule.prefix) :]
    return (rule.path.rstrip("/") + rest) or "/"


@given(tables())
def test_the_map_read_back_is_the_rules(stack: Stack) -> None:
    shape = topology.decide(stack)
    lines = [line.split(" ") for line in proxy.routes_map(shape).decode().splitlines()]
    assert len({key for key, _ in lines}) == len(lines)
    told = {(*key.split("|"), *value.split(";")) for key, value in lines}
    wished = set[tuple[str, ...]]()
    for face in shape.faces:
        for rule in face.rules:
            if not rule.target:
                continue
            if rule.exact:
                wished.add(("x", face.name, f"{rule.method}{rule.prefix}", rule.target.label, "", "", "", ""))
                continue
            kind = "m" if rule.segment else "r" if rule.target.label.startswith("_") else "t"
            key = f"{rule.host or '*'}{rule.prefix.rstrip('/')}/"
            same = rule.prefix == rule.path
            depth = "" if same else str(len([part for part in rule.prefix.split("/") if part]))
            base = "" if same else rule.path.rstrip("/")
            mount, limits = "" if same else dispatch.mount(rule), dispatch.limits_id(rule.limits)
            called = (rule.called,) if rule.called else ()
            wished.add((kind, face.name, key, rule.target.label, depth, base, mount, limits, *called))
    assert told == wished


def asked(gateway: Proxy, shape: Topology, chance: random.Random) -> None:
    """One request on a face drawn by chance: whoever the rules name answers, at the path they name."""
    face, address = chance.choice(list(zip(shape.faces, ADDRESSES, strict=True)))
    method, host = chance.choice(["GET", "POST"]), chance.choice([*HOSTS[1:], "above", "a", "nobody"])
    path = "/" + "/".join(chance.choices(SEGMENTS, k=chance.randint(0, 4)))
    answer = gateway.ask(path, address, method=method, host=host)
    rule = decided(face, method, host, path)
    told = (answer.by, answer.told["path"]) if answer.by else (str(answer.status), "")
    wished = (rule.target.service, rewritten(rule, path)) if rule and rule.target else ("404", "")
    if rule and rule.limits.methods and method not in rule.limits.methods:
        wished = ("405", "")
    assert told == wished, f"{face.name} {method} {host} {path}"
    if answer.by and rule:
        assert answer.told["headers"]["host"] == (rule.called or host)


@settings(max_examples=12, deadline=None)
@given(tables(), st.integers(0, 10**6))
def test_a_real_proxy_answers_by_the_rules(stack: Stack, seed: int) -> None:
    chance, shape, port = random.Random(seed), topology.decide(stack), free_port()
    with TemporaryDirectory() as name:
        folder = Path(name)
        subnets = {
            face.network: (f"{address}/32",) for face, address in zip(shape.faces, ADDRESSES, strict=True)
        }
        (folder / "faces.map").write_bytes(proxy.faces_map(shape, subnets))
        (folder / "routes.map").write_bytes(proxy.routes_map(shape))
        config = proxy.gateway(shape, proxy.Place(f"*:{port}", socket=str(folder / "socket")))
        with running(config, port, folder) as gateway:
            for _ in range(60):
                asked(gateway, shape, chance)
