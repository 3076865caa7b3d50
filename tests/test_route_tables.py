"""Route tables drawn by chance, with every key there is: HAProxy takes them, and they can be read back."""

from __future__ import annotations

import random
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from ailtire_deploy import topology
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.model import Child, Closed, Gateway, Headers, Limits, Page, Route, Service, Stack
from ailtire_deploy.names import StackPath
from ailtire_deploy.passages import TcpRoute
from ailtire_deploy.render import dispatch, proxy, words
from ailtire_deploy.topology import Rule, Topology
from tests.proof import Proof
from tests.proxies import valid
from tests.reading_back import Behind, meaning

TABLE = "gateway"
KEYS = ("web", "api", "shop", "wiki")  # two services and two children
plain = st.sampled_from(["a", "b", "shop2", "a.b", "x~y"])
prefixes = st.lists(plain, max_size=3).map(lambda parts: "/" + "/".join(parts))
MANY = tuple(f"172.16.{number}.0/24" for number in range(120))
ranges = st.sampled_from([("10.0.0.0/8",), ("192.0.2.7/32", "2001:db8::/32"), MANY])
names = st.sampled_from(["X-A", "x-b", "Cache-Control", "Server", "X-9"])
values = st.text("abz019 !#&'()*+,./:;<=>?@[]^_{|}~-", max_size=20).map(str.strip).filter(bool)
hostile = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30) | st.sampled_from(
    ["%[src]", '" if TRUE\n    use_backend _admin', "${HOME}", "\\", "'", "a\nb", "</p><script>"]
)


@st.composite
def headers(draw: st.DrawFn) -> Headers:
    chosen = draw(st.lists(names, unique_by=str.lower, max_size=4))
    cut = draw(st.integers(0, len(chosen)))
    return Headers(tuple((name, draw(values)) for name in chosen[:cut]), tuple(chosen[cut:]))


limits = st.builds(
    Limits,
    methods=st.sampled_from([(), (), ("GET",), ("HEAD", "POST")]),
    allow=st.just(()) | ranges,
    timeout=st.sampled_from([0.0, 0.5, 300.0]),
    max_body=st.none() | st.integers(0, 10**9),
    request=st.just(Headers()) | headers(),
    response=st.just(Headers()) | headers(),
) | st.just(Limits())
closings = st.builds(Closed, hostile.map(str.strip), st.just(()) | ranges)
pages = st.builds(
    Page,
    hostile.filter(bool).map(str.encode),
    st.sampled_from(["text/html", "text/plain", "application/json"]),
)


@st.composite
def tables(draw: st.DrawFn) -> Stack:
    """A stack with routes of any kind, no two on one prefix; those to one port say the same of it."""
    hosts = st.sampled_from(["", "example.com", "a.example.com"])
    mounts = draw(st.lists(st.tuples(hosts, prefixes), unique=True, max_size=10))
    watched = {
        (key, port): (
            draw(st.sampled_from(["", "", "/health"])),
            draw(st.sampled_from([0.0, 0.0, 2.5])),
            draw(st.booleans()),
        )
        for key in KEYS
        for port in (8080, 81)
    }
    found: dict[str, list[Route]] = {key: [] for key in KEYS}
    for host, prefix in mounts:
        key, path, limited = draw(st.sampled_from(KEYS)), draw(prefixes), draw(limits)
        port = None if key in KEYS[2:] else draw(st.sampled_from([8080, 8080, 81]))
        look = watched[key, port] if port else ("", 0.0, False)
        found[key].append(Route(key, prefix, path, host, port, limited, *look))
    check = draw(
        st.sampled_from([{}, {"test": ["CMD", "x"], "interval": "3s", "timeout": "1s", "retries": 5}])
    )
    ports = draw(st.lists(st.integers(5000, 5009), unique=True, max_size=3))
    tcp = {each: draw(st.sampled_from(KEYS)) for each in ports}

    def listening(key: str) -> tuple[TcpRoute, ...]:
        return tuple(
            TcpRoute(key, each, 5432, draw(st.just(()) | ranges)) for each, by in tcp.items() if by == key
        )

    options = {"healthcheck": check, "deploy": draw(st.sampled_from([{}, {"replicas": 0}, {"replicas": 30}]))}
    return Stack(
        StackPath(("mall",)),
        services=tuple(
            Service(key, key, routes=tuple(found[key]), tcp=listening(key), options=options)
            for key in KEYS[:2]
        ),
        children=tuple(Child(key, {}, routes=tuple(found[key]), tcp=listening(key)) for key in KEYS[2:]),
        gateway=Gateway(
            errors=draw(st.dictionaries(st.sampled_from([403, 404, 413, 502, 503, 504]), pages, max_size=3))
        ),
        maintenance=draw(st.dictionaries(st.sampled_from(["*", *KEYS]), closings, max_size=3)),
    )


weights = st.dictionaries(st.sampled_from(["web", "api"]), st.sampled_from([0, 1, 50, 100]), max_size=2)


def accepted(folder: Path, stack: Stack, shape: Topology) -> str:
    """What HAProxy has against the configuration of a table; "" is nothing."""
    (folder / "faces.map").touch()
    (folder / "routes.map").write_bytes(proxy.routes_map(shape))
    for name, content in words.files(stack).items():
        (folder / name).write_bytes(content)
    (folder / "proxy.cfg").write_bytes(proxy.gateway(shape))
    return valid(folder / "proxy.cfg")


def same(stack: Stack, shape: Topology) -> None:
    """What is read back is what the model says."""
    files = words.files(stack)
    found = meaning(proxy.gateway(shape).decode(), files)
    rules = [(face.name, rule) for face in shape.faces for rule in face.rules]
    wished = {rule.limits: dispatch.limits_id(rule.limits) for _, rule in rules if rule.limits != Limits()}
    assert found.limits == {name: shown(each, stack) for each, name in wished.items()}
    assert found.pages == {code: (each.type, each.content) for code, each in stack.gateway.errors.items()}
    targets = {rule.target for _, rule in rules if rule.target} | {split.candidate for split in shape.splits}
    targets |= {each.target for face in shape.faces for each in face.listeners}
    behind = {name: each for name, each in found.behind.items() if each.service}
    assert behind == {
        each.label: Behind(
            each.service, each.port, each.slots, *astuple(looked(each.watch)), each.drains, each.speaks
        )
        for each in targets
    }
    assert found.splits == {
        split.target.label: (split.candidate.label, split.weight) for split in shape.splits if split.weight
    }
    assert led(shape, found.limits) == {
        (face, kind(rule), rule.method or rule.host or "*", rule.prefix): (
            rule.target.label,
            shown(rule.limits, stack),
        )
        for face, rule in reversed(rules)
        if rule.target
    }
    listeners = [(face.name, each) for face in shape.faces for each in face.listeners]
    assert found.passed == {(each.port, face): (each.target.label, each.allow) for face, each in listeners}


def looked(watch: topology.Watch) -> Any:
    """In the order of ``Behind``."""
    return replace(watch, interval=watch.timeout, timeout=watch.interval)


def shown(limits: Limits, stack: Stack) -> Limits:
    """As it can be read back: a closed route without a message shows the stack's page for 503."""
    own = stack.gateway.errors.get(503)
    if limits.closed and not limits.closed.message and own and own.type == "text/plain":
        return replace(limits, closed=replace(limits.closed, message=own.content.decode().removesuffix("\n")))
    return limits


def kind(rule: Rule) -> str:
    if rule.exact:
        return "x"
    return "m" if rule.segment else "r" if rule.target and rule.target.label.startswith("_") else "t"


def led(shape: Topology, known: dict[str, Limits]) -> dict[tuple[str, ...], tuple[str, Limits]]:
    """Where each line of the map leads, and what holds there."""
    found = {}
    for line in proxy.routes_map(shape).decode().splitlines():
        key, value = line.split(" ")
        letter, face, where = key.split("|")
        host, _, prefix = where.partition("/")
        to, *_, limited = value.split(";")
        place = (face, letter, host, f"/{prefix}".rstrip("/") or "/")
        found[place] = (to, known[limited] if limited else Limits())
    return found


def rounds(folder: Path, most: int, prove_report: Proof) -> None:
    """So many tables, counted."""
    drawn, good, begun = random.randrange(10**6), 0, 0
    print(f"seed {drawn}")

    @seed(drawn)
    @settings(
        max_examples=most,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(tables(), weights)
    def one(stack: Stack, shares: dict[str, int]) -> None:
        nonlocal good, begun
        begun += 1
        shape = topology.decide(stack, shares)
        same(stack, shape)
        assert accepted(folder, stack, shape) == ""
        good += 1

    try:
        one()
    finally:
        what = f"tables of routes that HAProxy takes and that mean the same read back, seed {drawn}"
        prove_report(9, good, begun, what, TABLE)
    assert begun >= most


@pytest.mark.small
def test_a_table_of_routes_is_accepted_and_means_the_same_read_back(
    tmp_path: Path, prove_report: Proof
) -> None:
    rounds(tmp_path, 20, prove_report)


@pytest.mark.prove
def test_three_hundred_tables_are_accepted_and_mean_the_same_read_back(
    tmp_path: Path, prove_report: Proof
) -> None:
    rounds(tmp_path, 300, prove_report)


BAD = st.sampled_from(
    [
        "%[src]",
        '" if TRUE',
        "a\nb",
        "a\n    use_backend _admin",
        "${HOME}",
        "a\\ b",
        "a`b`",
        'x"',
        "\x00",
        "a\r",
    ]
)
PLACES = {
    "prefix": lambda text: {"prefix": f"/{text}"},
    "path": lambda text: {"path": f"/{text}"},
    "host": lambda text: {"host": text},
    "check": lambda text: {"check": f"/{text}"},
    "method": lambda text: {"limits": Limits(methods=(text,))},
    "allow": lambda text: {"limits": Limits(allow=(text,))},
    "header": lambda text: {"limits": Limits(request=Headers(((text, "x"),)))},
    "value": lambda text: {"limits": Limits(response=Headers((("X-A", text),)))},
    "removed": lambda text: {"limits": Limits(response=Headers((), (text,)))},
    "let in": lambda text: {"limits": Limits(closed=Closed("", (text,)))},
}


@given(BAD, st.sampled_from(sorted(PLACES)))
def test_a_hostile_word_never_reaches_a_configuration(text: str, place: str) -> None:
    fields: dict[str, Any] = {"prefix": "/", "path": "/", "port": 80, **PLACES[place](text)}
    web = Service("web", "web", routes=(Route("web", **fields),))
    shape = topology.decide(Stack(StackPath(("mall",)), services=(web,)))
    with pytest.raises(InvalidInput):
        proxy.routes_map(shape)
        proxy.gateway(shape)


@given(hostile.filter(lambda text: len(text) > 5))
def test_what_people_write_stands_in_files_alone(text: str) -> None:
    marked = f"marked {text}"
    web = Service("web", "web", routes=(Route("web", "/", "/", port=80),))
    errors = {404: Page(marked.encode())}
    made = Stack(
        StackPath(("mall",)),
        services=(web,),
        gateway=Gateway(errors=errors),
        maintenance={"*": Closed(marked)},
    )
    shape = topology.decide(made)
    assert "marked" not in (proxy.gateway(shape) + proxy.routes_map(shape)).decode()
    assert len(words.files(made)) == 3
