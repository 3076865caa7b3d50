"""Stacks for tests of the pure modules: one small example, and all that hypothesis can think of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from ailtire_deploy import definition, render, topology
from ailtire_deploy.documents import read_yaml
from ailtire_deploy.entrances import PublishedPort
from ailtire_deploy.model import (
    Child,
    Dependency,
    FileMount,
    Gateway,
    Mount,
    Route,
    Secret,
    Service,
    Site,
    Stack,
)
from ailtire_deploy.names import StackPath
from ailtire_deploy.render import Artifacts

SITE = Site("ailtire/deploy:0.1.0", user="10001:105", cluster="c1")


def shop(**changes: Any) -> Stack:
    """A root with a service that is mounted at ``/``, a database, and a child at ``/orders``."""
    web = Service(
        "web",
        "shop/web:1",
        environment={"ORDERS_URL": "http://orders"},
        routes=(Route("web", "/", "/", port=8080),),
        depends_on=(Dependency("orders", "healthy"), Dependency("db")),
        options={"deploy": {"replicas": 2}},
    )
    db = Service(
        "db",
        "postgres:16",
        mounts=(Mount("volume", "data", "/var/lib/postgresql/data"),),
        secrets=(FileMount("db_password", "db_password"),),
        options={"healthcheck": {"test": ["CMD", "pg_isready"], "interval": "5s"}},
    )
    fields: dict[str, Any] = {
        "path": StackPath(("shop",)),
        "context": "prod",
        "services": (web, db),
        "children": (Child("orders", {}, routes=(Route("orders", "/orders", "/"),)),),
        "volumes": {"data": {}},
        "secrets": {"db_password": Secret("shop_db.password-0123456789ab")},
        "gateway": Gateway((PublishedPort(8080),)),
    }
    return Stack(**{**fields, **changes})


def launching(child: str = "shop") -> Stack:
    """The imaginary stack of the command line, with a root as its only child."""
    return Stack(StackPath(), context="prod", children=(Child(child, {}),))


CASES = sorted(case.parent for case in (Path(__file__).parent / "cases").glob("*/compose.yml"))


def filled(folder: Path) -> Stack:
    """The stack of a case; ``x-path`` in its definition says where in a tree it stands."""
    data = read_yaml((folder / "stack.yml").read_bytes(), "stack.yml").data
    body = {"format": 1, "name": data["name"], "context": "", "parameters": {}, "environment": {}}
    body["uses"] = {name: {} for name in data.get("uses", ())}
    return definition.fill({**body, "definition": data}, StackPath.parse(data["x-path"]))


def rendered(stack: Stack, site: Site = SITE) -> Artifacts:
    """What a stack becomes, with made-up subnets."""
    shape = topology.decide(stack)
    subnets = {face.network: (f"10.0.{number}.0/24",) for number, face in enumerate(shape.faces, 1)}
    return render.render(stack, shape, site, subnets)


few = settings(max_examples=30, deadline=None)  # each renders, and reads back, a whole stack
letters = st.sampled_from("abcxyz019-")
keys = st.builds(
    lambda first, rest: (first + "".join(rest)).rstrip("-"),
    st.sampled_from("abc"),
    st.lists(letters, max_size=6),
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
parts = st.sampled_from(["a", "b-c", "v1.2", "~x", "_y"])
prefixes = st.lists(parts, max_size=3).map(lambda found: "/" + "/".join(found))
commands = st.lists(texts, max_size=3)


@st.composite
def services(draw: st.DrawFn, key: str) -> Service:
    options: dict[str, Any] = {
        "command": draw(commands),
        "labels": draw(st.dictionaries(st.sampled_from(["a", "b.c", "on"]), texts, max_size=2)),
        "deploy": draw(st.sampled_from([{}, {"replicas": 0}, {"replicas": 3}, {"mode": "global"}])),
        "healthcheck": draw(st.sampled_from([{}, {"test": ["CMD", "true"], "interval": "5s"}])),
    }
    port = draw(st.integers(1, 65535))
    routes = draw(st.lists(st.tuples(prefixes, prefixes), max_size=2))
    return Service(
        key,
        draw(st.sampled_from(["web", "shop/web:1", "registry:5000/web"])),
        environment=draw(st.dictionaries(st.sampled_from(["A", "NO", "PATH_X"]), texts, max_size=3)),
        routes=tuple(Route(key, prefix, path, port=port) for prefix, path in routes),
        mounts=draw(
            st.sampled_from([(), (Mount("volume", "data", "/data"),), (Mount("tmpfs", "", "/tmp"),)])
        ),
        configs=draw(st.sampled_from([(), (FileMount("settings", "/etc/settings"),)])),
        egress=draw(st.booleans()),
        options={name: value for name, value in options.items() if value},
    )


@st.composite
def stacks(draw: st.DrawFn) -> Stack:
    """Any stack that a definition could mean, roots and children, with hostile text where text is free."""
    path = StackPath(tuple(draw(st.lists(keys, min_size=1, max_size=3))))
    names = draw(st.lists(keys, min_size=1, max_size=5, unique=True))
    split = draw(st.integers(0, len(names)))
    return Stack(
        path,
        context=draw(st.sampled_from(["", "dev"])),
        services=tuple(draw(services(key)) for key in names[:split]),
        children=tuple(
            Child(
                key,
                {},
                routes=tuple(
                    Route(key, p, q) for p, q in draw(st.lists(st.tuples(prefixes, prefixes), max_size=2))
                ),
            )
            for key in names[split:]
        ),
        configs={"settings": draw(st.binary(max_size=20))},
        volumes={"data": {}},
        gateway=Gateway(draw(st.sampled_from([(), (PublishedPort(80),)])), draw(st.booleans())),
    )
