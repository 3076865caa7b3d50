"""From Compose files to definitions: every key has a word, and what comes out is one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ailtire_deploy import definition
from ailtire_deploy.documents import Document, read_yaml, write_yaml
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.importing import Imported, translate
from ailtire_deploy.names import StackPath

ODD = """\
export A="two words"   # words

B={{ b }}
 C=a=b # not a part
D
"""
FILES = {"web.env": "# of the web\nCOLOUR=blue\nWORD='a b'\n", "odd.env": ODD}


def read(name: str) -> str:
    if name not in FILES:
        raise ValueError("does not exist")
    return FILES[name]


def imported(text: str, folder: str = "My Shop") -> Imported:
    return translate(read_yaml(text, "compose.yml"), folder, read)


def of_web(lines: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What a service becomes, and the notes by path."""
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    found = imported(f"services:\n  web:\n    image: web:1\n{body}")
    notes = {each.path.removeprefix("services.web."): each for each in found.notes}
    return found.definition["services"]["web"], {k: f"{n.outcome}: {n.said}" for k, n in notes.items()}


CASES = [
    ("command: [a, b]", "command", ["a", "b"], "kept"),
    ("restart: always", "deploy", {"restart_policy": {"condition": "any"}}, "translated"),
    (
        "restart: on-failure:3",
        "deploy",
        {"restart_policy": {"condition": "on-failure", "max_attempts": 3}},
        "",
    ),
    ("restart: no", "deploy", {"restart_policy": {"condition": "none"}}, "translated"),
    ("scale: 3", "deploy", {"replicas": 3}, "translated"),
    ("mem_limit: 64m", "deploy", {"resources": {"limits": {"memory": "64m"}}}, "translated"),
    ("container_name: it", "container_name", None, "translated"),
    ("networks: [a]", "networks", None, "translated"),
    ("privileged: true", "privileged", None, "impossible"),
    ("build: .", "build", None, "impossible"),
    ("volumes: ['./src:/src']", "volumes", [], "impossible"),
    ("env_file: web.env", "environment", {"COLOUR": "blue", "WORD": "a b"}, "translated"),
    ("env_file: none.env", "environment", None, "impossible"),
    ("environment: [A=b, C]", "environment", {"A": "b", "C": ""}, "impossible"),
    ("ports: ['8080:80']", "interface", {"/": {"port": 80}}, "translated"),
    ("ports: ['5432:5432']", "interface", None, "impossible"),
    ("ports: ['8000-8010:80']", "interface", None, "impossible"),
    ("ports: ['8443:443']", "interface", None, "impossible: a gateway speaks plain HTTP"),
    ("ports: ['${PORT:-8080}:${IN:-80}']", "interface", {"/": {"port": "{{ in_value }}"}}, "translated"),
    ("ports: ['${PORT:-high}:80']", "interface", None, "impossible"),
    (
        "ports: ['127.0.0.1:8080:80']",
        "interface",
        {"/": {"port": 80}},
        "translated: interface / on the gateway's port 8080, on every address of the node, not 127.0.0.1",
    ),
    ("networks: {front: {aliases: [a]}}", "networks", None, "impossible"),
    ("links: ['db:database']", "links", None, "impossible"),
    ("depends_on: {}", "depends_on", {}, "kept"),
    ("environment: {A: , B: 1.5}", "environment", {"A": "", "B": "1.5"}, "translated: '1.5' instead of 1.5"),
    ("init: 'true'", "init", True, "translated"),
    ("deploy: {replicas: '3'}", "deploy", {"replicas": 3}, "translated"),
    (
        "healthcheck: {test: a, retries: '3', interval: '5'}",
        "healthcheck",
        {"test": "a", "retries": 3},
        "translated",
    ),
    (
        "env_file: [web.env, {path: none.env, required: false}]",
        "environment",
        {"COLOUR": "blue", "WORD": "a b"},
        "",
    ),
    ("env_file: [none.env, web.env]", "environment", {"COLOUR": "blue", "WORD": "a b"}, ""),
    (
        "env_file: odd.env",
        "environment",
        {"A": "two words", "B": "{% raw %}{{ b }}{% endraw %}", "C": "a=b"},
        "impossible: no value: D",
    ),
    ("ports: [{target: 80, published: '8080'}]", "interface", {"/": {"port": 80}}, "translated"),
    ("depends_on: [nobody]", "depends_on", [], "impossible"),
    ("whatever: 1", "whatever", None, "impossible"),
]


@pytest.mark.parametrize(("line", "key", "value", "outcome"), CASES)
def test_each_key_has_its_word(line: str, key: str, value: Any, outcome: str) -> None:
    made, notes = of_web(line)
    assert made.get(key) == value
    mine = [said for path, said in notes.items() if path.startswith(line.split(":")[0])]
    assert mine and all(each.startswith(outcome) for each in mine[-1:]), notes


def test_what_deploy_says_goes_before_what_is_beside_it_in_whatever_order() -> None:
    beside = ["restart: always", "mem_limit: 1g", "cpus: 2", "scale: 9"]
    limits = "resources: {limits: {memory: 64m, pids: 5}}"
    deploy = f"deploy: {{replicas: 2, restart_policy: {{condition: none}}, {limits}}}"
    for lines in ([*beside, deploy], [deploy, *beside]):
        made, _ = of_web("\n".join(lines))
        assert made["deploy"] == {
            "replicas": 2,
            "restart_policy": {"condition": "none"},
            "resources": {"limits": {"memory": "64m", "pids": 5, "cpus": 2}},
        }


def test_of_a_list_only_what_is_impossible_is_left_out_and_named_by_its_place_in_the_file() -> None:
    listed = "['./a:/a', '/b', './c:/c', {type: tmpfs, target: /d, tmpfs: {mode: 1777}}, './e:/e', '/f']"
    made, notes = of_web(f"volumes: {listed}")
    assert made["volumes"] == ["/b", {"type": "tmpfs", "target": "/d", "tmpfs": {}}, "/f"]
    out = [path for path, said in notes.items() if said.startswith("impossible")]
    assert out == ["volumes[0]", "volumes[2]", "volumes[3].tmpfs.mode", "volumes[4]"]


def test_a_service_is_named_as_the_file_does_and_none_is_lost() -> None:
    found = imported("services:\n  a_b: {image: a, privileged: true}\n  a.b: {image: b}\n  A-B: {image: c}\n")
    assert [each["image"] for each in found.definition["services"].values()] == ["a", "b", "c"]
    assert [(each.path, each.line) for each in found.impossible] == [("services.a_b.privileged", 2)]


def test_what_a_secret_or_a_config_says_beside_its_source_is_not_lost_without_a_word() -> None:
    text = "secrets: {a: {file: a, labels: {b: c}, driver: d}}\nconfigs: {e: {environment: F, name: g}}\n"
    found = imported(f"services: {{web: {{image: web}}}}\n{text}")
    assert found.definition["configs"] == {"e": {"content": "{{ f }}"}}
    assert [each.path for each in found.impossible] == ["secrets.a.driver", "secrets.a.labels"]
    assert {"configs.e.name", "configs.e.environment"} <= {each.path for each in found.notes}


def test_a_name_with_a_variable_has_its_default_and_nobody_asks_for_it_again() -> None:
    found = imported("name: ${PROJECT:-barn}\nservices: {web: {image: 'web:${TAG:-16}'}}\n").definition
    assert found["name"] == "barn"
    assert found["parameters"] == {"tag": {"type": "string", "default": "16"}}
    assert imported("name: ${PROJECT}\nservices: {web: {image: web}}\n").definition["name"] == "my-shop"


VARIABLES = [
    ("web:${TAG:-1.0}", "web:{{ tag }}", {"tag": {"type": "string", "default": "1.0"}}),
    ("web:$TAG", "web:{{ tag }}", {"tag": {"type": "string"}}),
    ("web:${TAG:?say which}", "web:{{ tag }}", {"tag": {"type": "string", "description": "say which"}}),
    ("web:${TAG:-a${OTHER:-b}}", "web:{{ tag }}", {"tag": {"type": "string", "default": "ab"}}),
    (
        "${TAG:-a}${tag:-b}",
        "{{ tag }}{{ tag_2 }}",
        {"tag": {"type": "string", "default": "a"}, "tag_2": {"type": "string", "default": "b"}},
    ),
    ("a$$b", "a$b", {}),
    ("{{ a }}", "{% raw %}{{ a }}{% endraw %}", {}),
    ("x${A:+yes}", "x{{ 'yes' if a else '' }}", {"a": {"type": "string", "default": ""}}),
    ("${N:-3}", "{{ n }}", {"n": {"type": "integer", "default": 3}}),
    ("${", "${", {}),
]


@pytest.mark.parametrize(("text", "template", "parameters"), VARIABLES)
def test_variables_become_parameters(text: str, template: str, parameters: dict[str, Any]) -> None:
    found = imported(f"services:\n  web:\n    image: web\n    environment:\n      A: '{text}'\n").definition
    assert found["services"]["web"]["environment"]["A"] == template
    assert found.get("parameters", {}) == parameters


def test_a_config_stays_a_file_and_one_that_is_missing_is_named() -> None:
    configs = "configs: {own: {file: web.env}, none: {file: x}}"
    found = imported(f"services: {{web: {{image: web, configs: [own, none]}}}}\n{configs}\n")
    assert found.definition["configs"] == {"own": {"file": "web.env"}, "none": {"content": ""}}
    assert [each.path for each in found.impossible] == ["configs.none.file"]


@pytest.mark.parametrize("port", ["8080:80", "127.0.0.1:8080:80", "[::1]:8080:80/tcp"])
def test_a_published_port_is_the_gateways(port: str) -> None:
    found = imported(
        f"services:\n  web: {{image: web, ports: ['{port}', '81']}}\n  b: {{image: b, ports: ['82:80']}}\n"
    )
    made = found.definition
    assert made["gateway"] == {"publish": [{"port": 8080}]}
    assert made["services"]["web"]["interface"] == {"/": {"port": 80}}
    assert made["services"]["b"]["interface"] == {"/b": {"port": 80}}


WHOLE = """
name: My_Shop
version: "3.8"
x-logging: &logging {driver: json-file, options: {max-size: 10m}}
services:
  web_app:
    build: .
    image: "registry.example:5000/shop/web:${TAG:-1.0}"
    ports: ["${PORT:-8080}:80", "443:443"]
    env_file: ./web.env
    logging: *logging
    depends_on: {db: {condition: service_healthy, restart: true}}
    secrets: [db_password]
    networks: [front, back]
    deploy: {replicas: 2, placement: {constraints: [node.role == worker]}}
  db:
    image: postgres:16
    volumes: ["data:/var/lib/postgresql/data", "/etc/localtime:/etc/localtime:ro"]
    healthcheck: {test: [CMD, pg_isready], interval: 5s}
    restart: unless-stopped
    cap_add: [SYS_ADMIN]
volumes: {data: {}, other: {external: true}}
secrets: {db_password: {file: ./password.txt}, token: {external: true}}
networks: {front: {}, back: {internal: true}}
"""


def test_a_whole_file_becomes_a_definition_that_is_one() -> None:
    found = imported(WHOLE)
    made = found.definition
    assert made["name"] == "my-shop"
    assert set(made["services"]) == {"web-app", "db"}
    assert made["services"]["db"]["volumes"] == ["data:/var/lib/postgresql/data"]
    assert made["secrets"] == {
        "db_password": {"from": {"file": "./password.txt"}},
        "token": {"from": {"env": "TOKEN"}},
    }
    assert {each.outcome for each in found.notes} == {"kept", "translated", "impossible"}
    assert all(each.line for each in found.notes), "each says where"
    again = read_yaml(write_yaml(made, "made"), "stack.yml").data
    assert again == made
    body = {"format": 1, "name": "my-shop", "context": "", "parameters": {}, "environment": {}}
    definition.fill({**body, "definition": made}, StackPath(("my-shop",)))


@pytest.mark.parametrize("text", ["[]", "a: b", "services: []", "services: {}", "services: {a: {}, b: 3}"])
def test_what_is_no_compose_file_is_refused_or_noted(text: str) -> None:
    try:
        found = imported(text)
    except InvalidInput as error:
        assert error.problems
    else:
        assert found.impossible or found.notes


words = st.sampled_from(
    ["image", "ports", "build", "deploy", "volumes", "a", "${A}", "{{", "1", "80:80", "{% endraw %}"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(words, st.dictionaries(words, values, max_size=5), min_size=1, max_size=3), values)
def test_whatever_comes_in_a_definition_or_an_error_comes_out(services: Any, more: Any) -> None:
    data = {"services": services, "volumes": more, "secrets": more, "configs": more, "name": more}
    try:
        made = translate(Document.unmarked(data, "compose.yml"), "it", read).definition
    except InvalidInput:
        return
    body = {"format": 1, "name": made["name"], "context": "", "environment": {}, "definition": made}
    body["parameters"] = {key: each.get("default", "a") for key, each in made.get("parameters", {}).items()}
    assert definition.examine_tree(body, StackPath((made["name"],)))[1] == []
