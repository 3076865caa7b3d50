"""Definitions of somebody who means harm: refused in the same words when made and when changed over REST."""

from __future__ import annotations

import ast
import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_deploy import names, revisions, updates
from ailtire_deploy.documents import read_yaml
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.names import StackPath
from ailtire_deploy.state import State
from tests.definitions import SHOP, problems
from tests.household import entry
from tests.test_layers import PACKAGE

WEB = {"image": "shop/web:1"}
BODY = {"name": "shop", "services": {"web": WEB}}

GIVES_AWAY: dict[str, dict[str, Any]] = {
    "a bind of the host": {"volumes": ["/:/host"]},
    "a bind in the long form": {"volumes": [{"type": "bind", "source": "/etc", "target": "/x"}]},
    "a bind from a template": {"volumes": ["{{ '/' }}:/host"]},
    "the engine's socket": {"volumes": ["/var/run/docker.sock:/x"]},
    "a named pipe": {"volumes": [{"type": "npipe", "source": "a", "target": "/x"}]},
    "the volumes of others": {"volumes_from": ["db"]},
    "a volume that nobody declared": {"volumes": ["other_data:/x"]},
    "a capability": {"cap_add": ["SYS_ADMIN"]},
    "a capability of the network": {"cap_add": ["NET_ADMIN"]},
    "a capability in small letters": {"cap_add": ["sys_admin"]},
    "all capabilities": {"cap_add": ["ALL"]},
    "a capability from a template": {"cap_add": ["{{ 'ALL' }}"]},
    "a device": {"devices": ["/dev/kmsg:/dev/kmsg"]},
    "rules of devices": {"device_cgroup_rules": ["c 1:3 mr"]},
    "a reserved device": {"deploy": {"resources": {"reservations": {"devices": [{}]}}}},
    "graphics processors": {"gpus": "all"},
    "privileges": {"privileged": True},
    "the host's processes": {"pid": "host"},
    "another one's processes": {"pid": "service:db"},
    "the host's memory": {"ipc": "host"},
    "the host's name": {"uts": "host"},
    "the host's users": {"userns_mode": "host"},
    "the host's network": {"network_mode": "host"},
    "another one's network": {"network_mode": "container:x"},
    "the host's control groups": {"cgroup": "host"},
    "another control group": {"cgroup_parent": "/"},
    "another runtime": {"runtime": "other"},
    "no confinement": {"security_opt": ["seccomp=unconfined"]},
    "the host's credentials": {"credential_spec": {"file": "x"}},
    "a mortal host": {"oom_kill_disable": True},
    "a file of the host": {"env_file": "/etc/passwd"},
    "a log somewhere else": {"logging": {"driver": "syslog", "options": {"syslog-address": "tcp://192.0.2.1"}}},
    "a kernel that panics": {"sysctls": {"kernel.panic": 1}},
    "a pipe for dumps": {"sysctls": ["kernel.core_pattern=|/x"]},
    "the host's memory limits": {"sysctls": {"vm.overcommit_memory": 1}},
    "a parameter behind a slash": {"sysctls": {"kernel/core_pattern": "|/x"}},
    "a parameter of a path": {"sysctls": {"net/../kernel/core_pattern": "|/x"}},
    "a network of others": {"networks": ["other_sibling"]},
    "a published port": {"ports": ["22:22"]},
    "a label of ours": {"labels": {"ailtire.path": "other"}},
    "a label of ours on the service": {"deploy": {"labels": {"ailtire.owner": "other"}}},
    "a label of Docker's": {"labels": {"com.docker.stack.namespace": "other"}},
    "a mount beside the root": {"volumes": [{"type": "volume", "target": "/a/../.."}]},
    "an engine that is asked": {"use_api_socket": True},
}  # fmt: skip
OF_OTHERS: dict[str, dict[str, Any]] = {
    "a volume of others": {"volumes": {"data": {"external": True}}},
    "a volume by its name": {"volumes": {"data": {"name": "other_data"}}},
    "a volume on the host": {"volumes": {"data": {"driver_opts": {"type": "none", "device": "/"}}}},
    "a volume on a disk": {"volumes": {"data": {"driver_opts": {"type": "ext4", "device": "/dev/sda1"}}}},
    "a config of others": {"configs": {"a": {"external": True}}},
    "a config by its name": {"configs": {"a": {"name": "other.salt"}}},
    "a secret of others": {"secrets": {"a": {"external": True}}},
    "the key of the stack": {"secrets": {"a": {"name": "shop.key"}}},
    "the seed of the stack": {"secrets": {"a": {"name": "shop.seed"}}},
    "a secret of another stack": {"secrets": {"a": {"name": "other_a-0123456789ab"}}},
    "a network": {"networks": {"default": {"external": True}}},
    "a schema from elsewhere": {"parameters": {"p": {"$ref": "http://192.0.2.1/"}}},
}  # fmt: skip
HARM = {name: {"services": {"web": {**WEB, **keys}}} for name, keys in GIVES_AWAY.items()} | OF_OTHERS


@pytest.mark.parametrize("name", HARM)
@pytest.mark.parametrize("way", ["made", "changed"])
def test_what_gives_the_host_or_others_away_is_refused(name: str, way: str) -> None:
    harmful = {**BODY, **HARM[name]}
    with pytest.raises(InvalidInput) as caught:
        if way == "made":
            entry(harmful)
        else:
            updates.merged(dict(entry(BODY).body), {"definition": harmful}, SHOP)
    assert all(each.path.partition(".")[0] in HARM[name] for each in caught.value.problems)


def test_the_same_without_the_harm_is_taken() -> None:
    """Without this, a definition that is refused for something else would count as an attack survived."""
    assert entry(BODY).stacks[SHOP].services
    updates.merged(dict(entry(BODY).body), {"definition": BODY}, SHOP)
    harmless = {"sysctls": {"net.core.somaxconn": 1024}, "cap_add": ["CHOWN"], "labels": {"a.b": "c"}}
    assert entry({**BODY, "services": {"web": {**WEB, **harmless}}}).stacks[SHOP].services


HUGE = {
    "an image": {**WEB, "image": "x" * 900_000},
    "a variable": {**WEB, "environment": {"A": "x" * 900_000}},
    "a key": {**WEB, "x" * 900_000: 1},
    "a command": {**WEB, "command": ["x" * 900_000]},
    "a route": {**WEB, "interface": {"/" + "a/" * 400_000: 80}},
    "a number": {**WEB, "deploy": {"replicas": int("9" * 4000)}},
    "many entries": {**WEB, "environment": {f"A{number}": "x" for number in range(60_000)}},
}
ALIASED = "name: shop\nx-a: &a '" + "x" * 100_000 + "'\nservices: {web: {image: a, environment: {MANY}}}"


def test_one_huge_text_is_not_repeated_a_thousand_times() -> None:
    many = ", ".join(f"A{number}: *a" for number in range(1000))
    begun = time.perf_counter()
    with pytest.raises(InvalidInput, match="aliases stand for"):
        read_yaml(ALIASED.replace("MANY", many), "stack.yml")
    assert time.perf_counter() - begun < 5


def test_what_nobody_could_read_back_is_not_written() -> None:
    found = entry({**BODY, "services": {"web": {**WEB, "command": ["x" * 100_000] * 90}}})
    with pytest.raises(InvalidInput, match="longer than 8192 KiB"):
        revisions.make(State(), SHOP, found.body, cause="", origin="", author="")


@pytest.mark.parametrize("name", HUGE)
def test_huge_values_are_refused_within_seconds_and_not_repeated(name: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(InvalidInput) as caught:
        read = read_yaml(json.dumps({**BODY, "services": {"web": HUGE[name]}}), "stack.yml")
        entry(read.data)
    assert time.perf_counter() - begun < 5
    assert len(str(caught.value)) < 10_000


def test_a_reference_in_a_schema_is_never_followed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/x.json"
        for place in ({"$ref": url}, {"type": "string", "$schema": url}, {"allOf": [{"$ref": url}]}):
            assert problems(json.dumps({**BODY, "parameters": {"p": place}, "$id": url}))
        with pytest.raises(BlockingIOError):
            listening.accept()


PARTS = st.from_regex(names.PART, fullmatch=True) | st.sampled_from(
    ["a", "b", "a-b", "a" * 40, "b" * 40, "a" * 39 + "b", "r1", "key"]
)
PATHS = st.lists(PARTS, min_size=1, max_size=5).map(lambda parts: StackPath(tuple(parts)))


@given(st.lists(PATHS, min_size=2, max_size=20, unique=True))
def test_no_two_paths_have_one_name_whatever_their_joints_and_lengths(paths: list[StackPath]) -> None:
    made = {path: names.engine_name(*path.parts) for path in paths}
    assert len(set(made.values())) == len(paths), made
    assert all(len(name) <= names.LIMIT for name in made.values())
    folded = {name.lower() for name in made.values()}
    assert len(folded) == len(paths), "twins that differ in their case alone"


ODD_PATHS = ["Shop", "SHOP", "shop_orders", "a__b", "shop/", "/shop", "shop//orders", "sh\u043ep", "shop\n"]


@pytest.mark.parametrize("name", [*ODD_PATHS, "shop/-", ""])
def test_a_path_that_could_be_taken_for_another_is_none(name: str) -> None:
    with pytest.raises(ValueError, match="is not a path"):
        StackPath.parse(name)


FORBIDDEN = {"system", "popen", "execv", "execvp", "execve", "execl", "spawnv", "eval", "exec", "compile"}


def test_no_shell_and_no_docker_client_is_ever_run() -> None:
    """Programs are started by a list of words, at one door, and it is always HAProxy."""
    doors, wrong = set(), []
    for file in sorted(Path(PACKAGE).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import) and any(each.name == "subprocess" for each in node.names):
                doors.add(file.relative_to(PACKAGE).as_posix())
            if isinstance(node, ast.keyword) and node.arg == "shell":
                wrong.append(f"{file}: shell=")
            if isinstance(node, ast.Call):
                called = node.func
                bare = called.id if isinstance(called, ast.Name) else ""
                of_os = isinstance(called, ast.Attribute) and ast.unparse(called.value) == "os"
                name = called.attr if of_os and isinstance(called, ast.Attribute) else bare
                wrong += [f"{file}: {name}"] if name in FORBIDDEN else []
    assert (doors, wrong) == ({"gateway/haproxy.py"}, [])
