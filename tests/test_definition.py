"""Definitions: what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_deploy.definition import fill_tree, forms
from ailtire_deploy.definition.schema import check
from ailtire_deploy.model import (
    Dependency,
    FileMount,
    Gateway,
    Mount,
    PublishedPort,
    Route,
    Secret,
    Service,
    Stack,
)
from tests.definitions import SHOP, body, service, stack


def test_a_stack_is_its_parts() -> None:
    made = stack(
        """
        version: "1.4.0"
        services:
          web: {image: shop/web:1, interface: {/: {port: 8080}}}
        gateway:
          publish: [{port: 80}, 443, {port: 81, mode: ingress}]
          admin: true
          placement: {constraints: [node.role == manager]}
        deadline: 1m30s
        volumes: {data: {}, more: }
        """,
        context="dev",
    )
    assert made == Stack(
        path=SHOP,
        version="1.4.0",
        context="dev",
        services=(Service("web", "shop/web:1", routes=(Route("web", "/", "/", port=8080),)),),
        volumes={"data": {}, "more": {}},
        gateway=Gateway(
            (PublishedPort(80), PublishedPort(443), PublishedPort(81, "ingress")),
            True,
            {"constraints": ["node.role == manager"]},
        ),
        deadline=90.0,
    )


def test_routes_are_read_from_prefixes() -> None:
    text = (
        "interface: {/: 80, /a/: {port: 81}, /b: {port: 82, path: /}, a.example/c/d: {port: 83, path: /x/}}"
    )
    assert service(text).routes == (
        Route("web", "/", "/", port=80),
        Route("web", "/a", "/a", port=81),
        Route("web", "/b", "/", port=82),
        Route("web", "/c/d", "/x", host="a.example", port=83),
    )


def test_a_child_is_mounted_on_its_own_root() -> None:
    made = stack(
        """
        services:
          orders:
            type: stack
            parameters: [{name: currency, value: EUR}]
            definition: {parameters: {currency: {type: string}}, services: {api: {image: "a:{{ currency }}"}}}
            interface: {/orders: , /o: {path: /api/}}
            depends_on: [db]
          db: {image: postgres}
        """
    )
    (child,) = made.children
    assert child.routes == (Route("orders", "/orders", "/"), Route("orders", "/o", "/api"))
    assert child.parameters == {"currency": "EUR"}
    assert child.definition["services"]["api"]["image"] == "a:{{ currency }}", (
        "only its own controller fills it"
    )
    assert child.depends_on == (Dependency("db"),)


@pytest.mark.parametrize(
    ("written", "condition"),
    [
        ("", "started"),
        ("{}", "started"),
        ("{condition: healthy}", "healthy"),
        ("{condition: service_healthy}", "healthy"),
        ("{condition: service_started}", "started"),
        ("{condition: completed}", "completed"),
        ("{condition: service_completed_successfully}", "completed"),
    ],
)
def test_dependencies_have_conditions_in_our_words_or_those_of_compose(written: str, condition: str) -> None:
    once = "deploy: {restart_policy: {condition: none}}"
    made = stack(f"services: {{web: {{image: a, depends_on: {{db: {written}}}}}, db: {{image: b, {once}}}}}")
    assert [each.condition for each in made.services[1].depends_on] == [condition]


def test_commands_are_split_as_a_shell_would() -> None:
    options = service("command: serve --name 'a b'\nentrypoint: [tini, --]").options
    assert options == {"command": ["serve", "--name", "a b"], "entrypoint": ["tini", "--"]}


def test_options_are_in_the_long_form_of_compose() -> None:
    made = service(
        """\
user: 1000
init: false
read_only: true
stop_grace_period: 10s
stop_signal: SIGQUIT
cap_add: [CAP_CHOWN, NET_BIND_SERVICE]
cap_drop: [NET_RAW]
labels: [team=orders, ready=]
healthcheck: {test: curl -f http://127.0.0.1, interval: 5s, retries: 2, x-note: why}
deploy:
  mode: replicated
  replicas: 3
  resources: {limits: {cpus: 0.5, memory: 64M, pids: 9}, reservations: {memory: 8388608}}
  placement:
    constraints: [node.role == worker]
    preferences: [{spread: node.labels.zone}]
    max_replicas_per_node: 1
  restart_policy: {condition: on-failure, delay: 1s, max_attempts: 3, window: 5s}
  update_config: {parallelism: 2, order: stop-first, failure_action: rollback, max_failure_ratio: 0.5}
  rollback_config: {parallelism: 0}
  x-mine: {}"""
    )
    assert made.options == {
        "user": "1000",
        "init": False,
        "read_only": True,
        "stop_grace_period": "10s",
        "stop_signal": "SIGQUIT",
        "cap_add": ["CHOWN", "NET_BIND_SERVICE"],
        "cap_drop": ["ALL"],
        "labels": {"team": "orders", "ready": ""},
        "healthcheck": {"test": ["CMD-SHELL", "curl -f http://127.0.0.1"], "interval": "5s", "retries": 2},
        "deploy": {
            "mode": "replicated",
            "replicas": 3,
            "resources": {
                "limits": {"cpus": "0.5", "memory": "64M", "pids": 9},
                "reservations": {"memory": "8388608"},
            },
            "placement": {
                "constraints": ["node.role == worker"],
                "preferences": [{"spread": "node.labels.zone"}],
                "max_replicas_per_node": 1,
            },
            "restart_policy": {"condition": "on-failure", "delay": "1s", "max_attempts": 3, "window": "5s"},
            "update_config": {
                "parallelism": 2,
                "order": "stop-first",
                "failure_action": "rollback",
                "max_failure_ratio": 0.5,
            },
            "rollback_config": {"parallelism": 0},
        },
    }


def test_a_health_check_can_be_switched_off() -> None:
    assert service("healthcheck: {disable: true}").options["healthcheck"] == {"test": ["NONE"]}


def test_mounts_have_short_and_long_forms() -> None:
    text = """\
volumes:
  - data:/a
  - data:/b:ro
  - /c
  - {source: data, target: /d, read_only: true, volume: {nocopy: true}}
  - {type: tmpfs, target: /e, tmpfs: {size: 64M}}
tmpfs: [/f]"""
    assert service(text, "volumes: {data: {}}").mounts == (
        Mount("volume", "data", "/a"),
        Mount("volume", "data", "/b", read_only=True),
        Mount("volume", "", "/c"),
        Mount("volume", "data", "/d", read_only=True, options={"nocopy": True}),
        Mount("tmpfs", "", "/e", options={"size": "64M"}),
        Mount("tmpfs", "", "/f"),
    )


def test_configs_and_secrets_are_files() -> None:
    text = "configs: [app, {source: raw, target: /etc/raw, uid: 5, mode: 0440}]\nsecrets: [key]"
    rest = 'configs: {app: {content: "hi"}, raw: {base64: AAE=}}\nsecrets: {key: {from: {env: KEY}}}'
    made = service(text, rest)
    assert made.configs == (FileMount("app", "/app"), FileMount("raw", "/etc/raw", uid="5", mode=0o440))
    assert made.secrets == (FileMount("key", "key"),)


def test_shared_things_have_their_content_or_source() -> None:
    made = stack(
        """
        parameters: {level: {type: string, default: warn}}
        services: {a: {image: a}}
        configs: {app: {content: "level={{ level }}"}, raw: {base64: AAE=}}
        secrets:
          a: {from: {env: A}}
          b: {from: {file: b.txt}}
          c: {from: {generate: true}}
          d: {from: {generate: {length: 20, generation: 2}}}
          e: {name: shop_e-0123456789ab}
        """
    )
    assert made.configs == {"app": b"level=warn", "raw": b"\x00\x01"}
    assert made.secrets == {
        "a": Secret(source={"env": "A"}),
        "b": Secret(source={"file": "b.txt"}),
        "c": Secret(source={"generate": {"length": 32, "generation": 1}}),
        "d": Secret(source={"generate": {"length": 20, "generation": 2}}),
        "e": Secret(name="shop_e-0123456789ab"),
    }


def test_the_environment_has_three_sources_and_the_service_wins() -> None:
    made = stack(
        """
        environment: {A: stack, B: stack, C: stack}
        services:
          web: {image: a, environment: {C: service, N: 5, T: true, F: false, E: ""}}
          old: {image: a, environment: [C=x=y, E=]}
        """,
        environment={"B": "update", "C": "update"},
    )
    old, web = made.services
    assert web.environment == {
        "A": "stack",
        "B": "update",
        "C": "service",
        "N": "5",
        "T": "true",
        "F": "false",
        "E": "",
    }
    assert old.environment == {"A": "stack", "B": "update", "C": "x=y", "E": ""}


def test_the_strongest_value_of_a_parameter_wins() -> None:
    text = """
        x-text: &text {type: string, default: d}
        parameters: {a: *text, b: *text, c: *text}
        contexts: {prod: {b: p, c: p}, dev: {a: x}}
        services: {web: {image: i, environment: {V: "{{ a }}{{ b }}{{ c }}"}}}
        """
    made = stack(text, context="prod", parameters=[{"name": "c", "value": "g"}])
    assert made.services[0].environment == {"V": "dpg"}


def test_only_the_name_of_the_context_passes_down() -> None:
    text = """
        x-rest: &rest
          parameters: {n: {type: integer, default: 1}}
          services: {a: {image: "i:{{ n }}"}}
        contexts: {prod: {size: 3}}
        parameters: {size: {type: integer, default: 1}}
        services:
          one: {type: stack, definition: {<<: *rest, contexts: {prod: {n: 7}}}}
          two: {type: stack, definition: {<<: *rest, contexts: {dev: {n: 7}}}}
        """
    made, source = body(text, context="prod")
    stacks = fill_tree(made, SHOP, {SHOP: source})
    assert [each.services[0].image for path, each in stacks.items() if path != SHOP] == ["i:7", "i:1"]
    assert {each.context for each in stacks.values()} == {"prod"}


def test_templates_keep_types_and_are_filled_once() -> None:
    text = """
        parameters: {n: {type: integer, default: 3}, t: {type: string, default: "{{ n }}"}}
        services:
          web:
            image: a
            deploy: {replicas: "{{ n }}"}
            environment: {T: "{{ t }}", N: !raw "{{.Node.Hostname}}"}
        """
    (web,) = stack(text).services
    assert web.options["deploy"] == {"replicas": 3}
    assert web.environment == {"T": "{{ n }}", "N": "{{.Node.Hostname}}"}


@given(st.text(alphabet="{}%#n .|'", max_size=20))
def test_a_given_value_is_data_at_every_level(value: str) -> None:
    inner = {
        "parameters": {"v": {"type": "string"}},
        "services": {"a": {"image": "a", "environment": {"V": "{{ v }}"}}},
    }
    outer = {
        "parameters": {"v": {"type": "string"}},
        "services": {"in": {"type": "stack", "definition": inner, "parameters": {"v": "{{ v }}"}}},
    }
    made = {"format": 1, "name": "shop", "context": "", "parameters": {"v": value}, "environment": {}}
    stacks = fill_tree({**made, "definition": outer}, SHOP)
    assert stacks[SHOP / "in"].services[0].environment == {"V": value}


def test_keys_of_one_s_own_are_free_and_anchors_work() -> None:
    text = """
        x-check: &check {test: [CMD, "true"], interval: 2s}
        services:
          a: {image: a, x-owner: {team: "{{ not a template }}"}, healthcheck: *check}
          b: {image: b, healthcheck: {<<: *check, interval: 9s}}
        """
    first, second = stack(text).services
    assert first.options["healthcheck"]["interval"] == "2s"
    assert second.options["healthcheck"]["interval"] == "9s"


@pytest.mark.parametrize("hosts", [{"six": "[::1]", "four": "10.0.0.7"}, ["six:[::1]", "four=10.0.0.7"]])
def test_brackets_around_an_address_are_taken_off(hosts: object) -> None:
    assert check({"services": {"web": {"image": "web", "extra_hosts": hosts}}}, "stack") == []
    assert list(forms.hosts(hosts)) == [("six", "::1"), ("four", "10.0.0.7")]
