"""Mistakes in definitions: all of them at once, each on its line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_deploy import names
from ailtire_deploy.definition import Source, fill, fill_tree
from ailtire_deploy.documents import Document, read_yaml
from ailtire_deploy.errors import InvalidInput
from tests.definitions import SHOP, complaint, problems, stack

SECURE = "{port: 443, tls: true}"
SECRET = "secrets: {a: {from: {file: a.pem}}}"
CERTIFIED = "tls: {certificates: [a]}"
LATER = "comes with a later version"

TEN = """\
name: shop
version: 1.4                                   # 1 quotes
parameters:
  replicas: {type: integer, default: two}      # 2 default
contexts:
  dev: {replica: 1}                            # 3 nobody declares it
services:
  web:
    image: "shop/web:{{ tag }}"                # 4 undefined
    ports: ["80:80"]                           # 5 refused
    interface:
      http: {port: 80}                         # 6 no slash
    depends_on: {bd: {condition: healthy}}     # 7 no such service
    deploy:
      replicas: -1                             # 8 too small
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock   # 9 the host
  db:
    image: postgres:16
    enviroment: {A: b}                         # 10 typo
"""


def test_ten_different_mistakes_are_ten_problems_on_their_lines() -> None:
    found = problems(TEN)
    marked = [number for number, line in enumerate(TEN.splitlines(), 1) if "  # " in line]
    assert [problem.line for problem in found] == marked, "\n".join(map(str, found))
    assert len(found) == 10
    assert all(problem.file == "stack.yml" and problem.column and problem.path for problem in found)
    assert "did you mean environment?" in str(found[-1])


def test_mistakes_of_all_levels_come_at_once() -> None:
    text = """\
services:
  a:
    type: stack
    parameters: {n: many, m: 1}
    definition:
      parameters: {n: {type: integer}}
      services:
        b:
          type: stack
          definition:
            services:
              c: {image: "UPPER"}
"""
    found = problems(text)
    assert [(each.line, each.path) for each in found] == [
        (4, "services.a.parameters.n"),
        (4, "services.a.parameters.m"),
        (12, "services.a.definition.services.b.definition.services.c.image"),
    ]


def test_what_an_alias_repeats_is_said_once() -> None:
    text = "x-a: &a {image: A}\nservices: {a: *a, b: *a, c: {<<: *a}}\n"
    assert [problem.line for problem in problems(text)] == [1]


def test_a_failed_template_suppresses_what_follows_from_it() -> None:
    (problem,) = problems("services: {a: {image: '{{ x }}', depends_on: [b]}, b: {image: b}}")
    assert problem.path == "services.a.image"


def test_a_wrong_parameter_is_one_problem_however_often_it_is_used() -> None:
    text = """
        parameters: {n: {type: integer, minimum: 1}}
        services:
          a: {image: "a:{{ n }}", deploy: {replicas: "{{ n }}"}}
          b:
            type: stack
            parameters: {n: "{{ n }}"}
            definition:
              parameters: {n: {type: integer}}
              services: {c: {image: "c:{{ n }}"}}
        """
    (problem,) = problems(text, parameters={"n": 0})
    assert "at least 1" in problem.message


def test_a_missing_parameter_is_asked_of_whoever_should_give_it() -> None:
    (problem,) = problems("parameters: {n: {type: integer}}\nservices: {a: {image: 'a:{{ n }}'}}")
    assert "-e n=" in problem.hint
    inner = "{parameters: {n: {type: integer}}, services: {c: {image: c}}}"
    text = f"services: {{b: {{type: stack, definition: {inner}}}}}"
    (problem,) = problems(text)
    assert problem.path == "services.b.parameters"


@pytest.mark.parametrize(
    ("declaration", "value", "said"),
    [
        ("{type: string}", 1.5, "quotes"),
        ("{type: string}", 5, "has to be text"),
        ("{type: integer}", "5", "whole number"),
        ("{type: integer}", True, "whole number"),
        ("{type: integer, maximum: 3}", 4, "at most 3"),
        ("{type: number}", "x", "a number"),
        ("{type: boolean}", "yes", "true or false"),
        ("{type: string, enum: [EUR, USD]}", "GBP", "EUR, USD"),
        ("{type: string}", "x" * 5000, "longer"),
        ("{type: string}", None, "empty"),
    ],
)
def test_parameters_have_types_and_bounds(declaration: str, value: Any, said: str) -> None:
    (problem,) = problems(
        f"parameters: {{p: {declaration}}}\nservices: {{a: {{image: a}}}}", parameters={"p": value}
    )
    assert said in str(problem)
    assert "GBP" not in str(problem), "a value that was given is not repeated"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("image: 5", "twice"),
        ("user: a b", "user looks like"),
        ("init: yes", "true and false"),
        ("environment: {A: 1.10}", "quotes"),
        ("environment: {A: }", 'write ""'),
        ("environment: {A: [1]}", "has to be text"),
        ("environment: [A]", "NAME=value"),
        ("environment: [A=1, A=2]", "twice"),
        ("environment: {'A B': 1}", "variable"),
        ("command: 'a \"b'", "quote is not closed"),
        ("healthcheck: {test: [curl]}", "CMD"),
        ("healthcheck: {test: []}", "CMD"),
        ("healthcheck: {interval: 5}", "has to be text"),
        ("healthcheck: {interval: 5 s}", "duration"),
        ("healthcheck: {interval: ''}", "may not be empty"),
        ("stop_grace_period: 1s1m", "duration"),
        ("stop_grace_period: 99999h", "duration"),
        ("deploy: {replicas: '2'}", "whole number"),
        ("deploy: {replicas: 2.5}", "whole number"),
        ("deploy: {mode: replicated-job}", "not one of"),
        ("deploy: {mode: global, replicas: 2}", "global"),
        ("deploy: {endpoint_mode: mesh}", "dnsrr"),
        ("deploy: {labels: {ailtire.owner: b}}", "belong to the tools"),
        ("deploy: {resources: {limits: {memory: 1M}}}", "4M"),
        ("deploy: {resources: {limits: {memory: 9999999999G}}}", "4M"),
        ("deploy: {resources: {limits: {memory: 64 M}}}", "size"),
        ("deploy: {resources: {reservations: {devices: []}}}", "host"),
        ("deploy: {placement: {constraints: [node.role=worker]}}", "constraint"),
        ("deploy: {update_config: {max_failure_ratio: 2}}", "at most 1"),
        ("deploy: {rollback_config: {failure_action: rollback}}", "not one of"),
        ("interface: {/: {}}", "'port' is missing"),
        ("interface: {/: {port: 0}}", "at least 1"),
        ("interface: {/: {port: 22:22}}", "whole number"),
        ("interface: {/: 70000}", "at most 65535"),
        ("interface: {http: {port: 80}}", 'write "/http"'),
        ("interface: {'tcp:': {port: 5432}}", "behind tcp: stands a port"),
        ("interface: {tcp:pg: {port: 5432}}", "behind tcp: stands a port"),
        ("interface: {tcp:5432: }", "has to be a mapping or a whole number"),
        ("interface: {tcp:5432: {}}", "'port' is missing"),
        ("interface: {tcp:5432: {port: 5432, path: /}}", "unknown key"),
        ("interface: {tcp:5432: {port: 5432, allow: [all]}}", "is no range of addresses"),
        ("interface: {tcp:5432: {port: 5432, timeout: soon}}", "a duration looks like"),
        ("interface: {tcp:0: 1}", "no gateway listens on port 0"),
        ("interface: {tcp:80: 80}", "no gateway listens on port 80"),
        ("interface: {tcp:65536: 1}", "no gateway listens on port 65536"),
        ("interface: {tcp:5432: 1, tcp:05432: 2}", "tcp:5432 is a route of web already"),
        ("interface: {/x: {port: 80, protocol: h3}}", "not one of http, h2c"),
        ("interface: {'/a b': 80}", "not a route"),
        ("interface: {'/a//b': 80}", "not a route"),
        ("interface: {A.example/: 80}", "small letters"),
        ("interface: {'/a#b': 80}", "not a route"),
        ("interface: {'/a\"': 80}", "not a route"),
        ('interface: {"/a\\n": 80}', "not a route"),
        ("interface: {'/%[src]': 80}", "not a route"),
        ("interface: {/a/../b: 80}", ". or .."),
        ("interface: {/_admin: 80}", "reserved"),
        ("interface: {/x/_down/y: 80}", "reserved"),
        ("interface: {/x: {port: 80, path: /_admin}}", "reserved"),
        ("interface: {/x: {port: 80, path: x}}", "starts with /"),
        ("interface: {/x: {port: 80, weight: 3}}", LATER),
        ("interface: {/x: {port: 80, methods: [get]}}", "capital letters"),
        ("interface: {/x: {port: 80, allow: [10.0.0.1/8]}}", "is no range of addresses"),
        ("interface: {/x: {port: 80, allow: [everybody]}}", "is no range of addresses"),
        ("interface: {/x: {port: 80, timeout: soon}}", "a duration looks like"),
        ("interface: {/x: {port: 80, max_body: much}}", "a size looks like"),
        ("interface: {/x: 80, /x/: 81}", "already"),
        ("interface: {/x: {port: 80, headers: {request: {set: {Host: x}}}}}", "gateways see to that"),
        ("interface: {/x: {port: 80, headers: {request: {remove: [X-Forwarded-For]}}}}", "gateways see"),
        ("interface: {/x: {port: 80, headers: {request: {set: {Authorization: x}}}}}", "a secret"),
        ("interface: {/x: {port: 80, headers: {response: {set: {connection: close}}}}}", "connection"),
        ("interface: {/x: {port: 80, headers: {response: {remove: [Content-Length]}}}}", "connection"),
        ("interface: {/x: {port: 80, headers: {response: {set: {Set-Cookie: a=b}}}}}", "all cookies"),
        ("interface: {/x: {port: 80, headers: {response: {set: {X-A: '%[src]'}}}}}", "printable ASCII"),
        ("interface: {/x: {port: 80, headers: {response: {set: {X-A: 'a\"b'}}}}}", "printable ASCII"),
        ('interface: {/x: {port: 80, headers: {response: {set: {X-A: "a\\nb"}}}}}', "printable ASCII"),
        ("interface: {/x: {port: 80, headers: {response: {set: {X-A: ''}}}}}", "printable ASCII"),
        ("interface: {/x: {port: 80, headers: {response: {set: {X_A: b}}}}}", "letters, digits and -"),
        (
            "interface: {/x: {port: 80, headers: {response: {set: {A: b}, remove: [a]}}}}",
            "stands there twice",
        ),
        ("interface: {/x: {port: 80, check: {}}}", "'path' is missing"),
        ("interface: {/x: {port: 80, check: {path: /a b}}}", "starts with /"),
        ("interface: {/x: {port: 80, check: {path: /a}}, /y: 80}", "says otherwise"),
        ("interface: {/x: {port: 80, slow_start: 5s}, /y: {port: 80}}", "says otherwise"),
        ("uses: [db]", "services of one stack reach each other by name"),
        ("depends_on: [web]", "depends on itself"),
        ("depends_on: {other: {condition: healthy}}", "no such service"),
        ("depends_on: {web: 5}", "mapping"),
        ("volumes: [data:/x]", "no volume"),
        ("volumes: [a:b:c]", "KEY:/path"),
        ("volumes: ['a:/b:rx']", "KEY:/path"),
        ("volumes: [./x:/y]", "bind mount"),
        ("volumes: [~/x:/y]", "bind mount"),
        ("volumes: [{type: bind, source: /, target: /host}]", "bind mount"),
        ("volumes: [{type: npipe, target: /x}]", "Windows"),
        ("volumes: [{type: pipe, target: /x}]", "not one of"),
        ("volumes: [{target: x}]", "starts with /"),
        ("volumes: [{target: /a/../..}]", "inside"),
        ("volumes: [/]", "inside"),
        ("volumes: [/x, /x/]", "taken"),
        ("volumes: [{target: /x, tmpfs: {size: 1M}}]", "no such options"),
        ("volumes: [{type: tmpfs, source: a, target: /x}]", "no source"),
        ("volumes: [{source: a}]", "'target' is missing"),
        ("tmpfs: [x]", "starts with /"),
        ("configs: [app]", "no config"),
        ("secrets: [key]", "no secret"),
        ("labels: {ailtire.owner: x}", "belong"),
        ("labels: [com.docker.stack.namespace=x]", "belong"),
        ("cap_add: [SYS_ADMIN]", "beyond"),
        ("cap_add: [CAP_SYS_PTRACE]", "beyond"),
        ("cap_add: [ALL]", "beyond"),
        ("cap_add: [CHOWN]\ncap_drop: [CAP_CHOWN]", "added and dropped"),
        ("privileged: true", "host"),
        ("devices: [/dev/sda]", "host"),
        ("pid: host", "host"),
        ("network_mode: host", "nesting"),
        ("networks: [a]", "nesting"),
        ("security_opt: [a]", "ignores"),
        ("sysctls: [a]", "net.core.somaxconn=1024"),
        ("dns: here", "10.0.0.53"),
        ("extra_hosts: [legacy]", "name:10.0.0.7"),
        ("ulimits: {nofile: {soft: 1}}", "hard"),
        ("logging: {driver: syslog}", "json-file"),
        ("working_dir: srv", "starts with /"),
        ("ports: [80:80]", "gateway"),
        ("build: .", "images that exist"),
        ("restart: always", "restart_policy"),
        ("container_name: x", "names containers"),
        ("env_file: x", "environment"),
        ("replica: 2", "unknown key"),
        ("definition: x", "unknown key"),
        ('environment: {A: "\\e[2J"}', "control character U+001B"),
        ('environment: {A: "\\u202e"}', "control character"),
        ('"a\\eb": 1', "control character"),
        ("type: stak", "did you mean stack?"),
    ],
)
def test_each_mistake_in_a_service_is_one_problem(line: str, said: str) -> None:
    if line == "image: 5":
        assert said in problem_of_yaml(line)
        return
    assert said in complaint(line)


def problem_of_yaml(line: str) -> str:
    """Mistakes that the reader of YAML sees."""
    with pytest.raises(InvalidInput) as caught:
        read_yaml(f"services:\n  web:\n    image: a\n    {line}\n", "stack.yml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("strategy: {on_failure: hope}", "rollback"),
        ("networks: {}", "nesting"),
        ("reconcile: report", LATER),
        ("uses: [auth]", "auth is not granted to shop (a root has no parent"),
        ("uses: {auth: x}", "has to be a list"),
        ("gateway: {publish: [{port: 1, tcp: 5432}]}", "the stack has no route tcp:5432"),
        ("name: Shop", "a-z"),
        ("sevices: {}", "did you mean services?"),
        ("deadline: soon", "duration"),
        ("gateway: {publish: [80, {port: 80}]}", "published already"),
        ("gateway: {publish: [0]}", "at least 1"),
        (f"gateway: {{publish: [{SECURE}]}}", "a port with TLS needs certificates"),
        (f"gateway: {{publish: [{SECURE}], tls: {{}}}}", "'certificates' is missing"),
        (f"gateway: {{publish: [{SECURE}], tls: {{certificates: [b]}}}}\n{SECRET}", "known are a"),
        (f"gateway: {{publish: [{SECURE}], tls: {{certificates: [a]}}}}", "under secrets of the stack"),
        (f"gateway: {{publish: [{SECURE}], tls: {{certificates: [a, a]}}}}\n{SECRET}", "given twice"),
        (f"gateway: {{publish: [80], tls: {{certificates: [a]}}}}\n{SECRET}", "no published port speaks TLS"),
        ("gateway: {publish: [{port: 80, redirect: https}]}", "no published port speaks TLS"),
        (
            f"gateway: {{publish: [{{port: 443, tls: true, redirect: https}}], {CERTIFIED}}}\n{SECRET}",
            "either speaks TLS or redirects",
        ),
        (
            f"gateway: {{publish: [{SECURE}, {{port: 80, redirect: http}}], {CERTIFIED}}}\n{SECRET}",
            "https",
        ),
        (
            f"gateway: {{publish: [{SECURE}], {CERTIFIED}}}\nsecrets: {{a: {{from: {{generate: true}}}}}}",
            "no certificate",
        ),
        (
            f"gateway: {{publish: [{SECURE}], {CERTIFIED[:-1]}, hsts: {{preload: true}}}}}}\n{SECRET}",
            "include_subdomains",
        ),
        ("volumes: {Data: {}}", "a-z"),
        ("volumes: {data: {driver_opts: {type: none}}}", "host"),
        ("volumes: {data: {external: true}}", "others"),
        ("configs: {a: {}}", "exactly one"),
        ("configs: {a: {content: x, base64: eA==}}", "exactly one"),
        ("configs: {a: {base64: 'a?'}}", "base64"),
        ("configs: {a: {external: true}}", "others"),
        ("configs: {a: {file: a.txt}}", "bundle"),
        ("configs: {a: {content: " + "x" * 70_000 + "}}", "64 KiB"),
        ("secrets: {a: {from: {env: A, file: b}}}", "exactly one"),
        ("secrets: {a: {from: {}}}", "exactly one"),
        ("secrets: {a: {from: {command: x}}}", LATER),
        ("secrets: {a: {from: {generate: {length: 3}}}}", "at least 12"),
        ("secrets: {a: {from: {generate: false}}}", "no place"),
        ("secrets: {a: {external: true}}", "others"),
        ("secrets: {a: {name: other_a-0123456789ab}}", "not a secret of this stack"),
        ("secrets: {a: {name: shop_b-0123456789ab}}", "not a secret of this stack"),
        ("secrets: {a: {name: shop_a-0123456789aX}}", "not a secret of this stack"),
        ("parameters: {a b: {type: string}}", "letters"),
        ("parameters: {if: {type: string, default: x}}", "word of the template language"),
        ("parameters: {a: {type: text, default: x}}", "not one of"),
        ("parameters: {a: {default: x}}", "'type' is missing"),
        ("parameters: {a: {type: string, default: x, minimum: 1}}", "only numbers"),
        ("parameters: {a: {type: integer, default: 1, minimum: 2}}", "at least 2"),
        ("contexts: {dev: {a: 1}}", "no such parameter"),
        ("contexts: [dev]", "a mapping"),
    ],
)
def test_each_mistake_in_a_stack_is_one_problem(lines: str, said: str) -> None:
    (problem,) = problems(f"services: {{web: {{image: a}}}}\n{lines}\n")
    assert said in str(problem)
    assert problem.line == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("image: a", "plain service"),
        ("egress: true", "plain service"),
        ("interface: {/x: {port: 80}}", "known"),
        ("interface: {/x: 80}", "mapping"),
        ("interface: {/x: {path: /_down}}", "reserved"),
        ("parameters: {y: 1}", "no parameter"),
        ("parameters: [{name: y}]", "'value' is missing"),
        ("interface: {tcp:5432: {port: x}}", "whole number"),
        ("uses: [db]", 'there is no service "db"'),
        ("uses: [in]", "does not use itself"),
        ("uses: [Db]", "a name takes a-z"),
        ("definitions: x", "did you mean definition?"),
    ],
)
def test_each_mistake_in_a_child_is_one_problem(line: str, said: str) -> None:
    (problem,) = problems(
        f"services:\n  in:\n    type: stack\n    definition: {{services: {{a: {{image: a}}}}}}\n    {line}\n"
    )
    assert said in str(problem)
    assert problem.line == 5


@pytest.mark.parametrize("length", range(1, 41))
def test_a_secret_that_was_made_for_a_key_is_believed_however_long_its_name(length: int) -> None:
    path = SHOP / ("o" * length)
    made = names.in_stack(path, names.hashed_key("key", "abcdef012345"))
    text = "services: {a: {image: a}}\nsecrets: {key: {name: NAME}}"
    assert stack(text.replace("NAME", made), path).secrets["key"].name == made
    for other in (made[:-1] + "x", "x" + made, names.in_stack(SHOP, "key-abcdef012345")):
        assert problems(text.replace("NAME", other), path)


def test_a_mistake_in_a_child_is_reported_by_the_child_alone() -> None:
    text = 'services: {in: {type: stack, definition: {services: {a: {image: a, environment: {A: "\\e"}}}}}}'
    assert len(problems(text)) == 1


@pytest.mark.parametrize("key", ["admin", "gateway", "edge", "sibling", "family", "sweep"])
def test_reserved_names_are_refused(key: str) -> None:
    (problem,) = problems(f"services: {{{key}: {{image: a}}}}")
    assert "reserved" in problem.message


@pytest.mark.parametrize("key", ["Web", "a_b", "1a", "a.b", "-a", "ä", "a" * 41, '"a\\n"', "''"])
def test_names_that_could_collide_or_confuse_are_refused(key: str) -> None:
    assert problems(f"services: {{{key}: {{image: a}}}}")


@pytest.mark.parametrize(
    "part", ["volumes: {in_data: }", "configs: {in_a: {content: x}}", "secrets: {in_a: {from: {env: A}}}"]
)
def test_a_key_that_would_meet_a_name_of_the_child_is_refused(part: str) -> None:
    text = "services: {in: {type: stack, definition: {services: {a: {image: a}}}}}\n" + part
    (problem,) = problems(text)
    assert "meet" in problem.message


@pytest.mark.parametrize(
    "image",
    [
        "a",
        "a:1",
        "a/b:1.2-x_Y",
        "host.test:5000/a/b:1",
        "localhost/a",
        "a@sha256:" + "0" * 64,
        "a:1@sha256:" + "0" * 64,
    ],
)
def test_images_are_references(image: str) -> None:
    assert stack(f"services: {{a: {{image: '{image}'}}}}").services[0].image == image


@pytest.mark.parametrize(
    "image", ["A", "a b", "a:", "http://a/b", "a:1:2", "a@sha256:x", "${IMAGE}", "-", "a\\n"]
)
def test_other_texts_are_no_images(image: str) -> None:
    if image != "-":
        assert problems(f'services: {{a: {{image: "{image}"}}}}')


def test_a_circle_of_dependencies_is_shown() -> None:
    text = "services: {a: {image: a, depends_on: [b]}, b: {image: b, depends_on: [c]}, "
    text += "c: {image: c, depends_on: [a]}}"
    (problem,) = problems(text)
    assert problem.message == "depends on itself: a → b → c → a"


def test_two_services_may_not_have_one_route() -> None:
    child = "{type: stack, interface: {/x/: }, definition: {services: {c: {image: c}}}}"
    text = f"services: {{a: {{image: a, interface: {{/x: 1}}}}, b: {child}}}"
    (problem,) = problems(text)
    assert problem.message == "/x is a route of a already"


def test_one_prefix_on_two_hosts_is_two_routes() -> None:
    assert stack("services: {a: {image: a, interface: {a.test/x: 1, b.test/x: 1, /x: 1}}}")


def test_a_root_has_to_know_its_context_and_a_child_does_not() -> None:
    text = "contexts: {dev: {}}\nservices: {a: {image: a}}"
    (problem,) = problems(text, context="prod")
    assert "no context 'prod'" in problem.message
    assert stack(text, SHOP / "in", context="prod").context == "prod"
    assert stack("services: {a: {image: a}}", context="prod").context == "prod"


def test_stacks_are_nested_only_so_deep_and_so_many() -> None:
    def deep(levels: int) -> dict[str, Any]:
        inner: dict[str, Any] = (
            {"type": "stack", "definition": deep(levels - 1)} if levels else {"image": "a"}
        )
        return {"services": {"in": inner}}

    def wide(levels: int) -> dict[str, Any]:
        inner: dict[str, Any] = (
            {"type": "stack", "definition": wide(levels - 1)} if levels else {"image": "a"}
        )
        return {"services": {f"s{number}": inner for number in range(9)}}

    made = {"format": 1, "name": "shop", "context": "", "parameters": {}, "environment": {}}
    assert len(fill_tree({**made, "definition": deep(9)}, SHOP)) == 10
    for definition, said in (
        (deep(10), "deeper than 10"),
        (deep(40), "nested deeper"),
        (wide(4), "more than 200"),
    ):
        with pytest.raises(InvalidInput, match=said):
            fill_tree({**made, "definition": definition}, SHOP)


@pytest.mark.parametrize(
    "definition", [None, [], "x", 5, {}, {"services": None}, {"services": {"a": None}}, {"services": []}]
)
def test_anything_that_is_no_definition_is_a_problem(definition: Any) -> None:
    with pytest.raises(InvalidInput):
        fill(
            {
                "format": 1,
                "name": "x",
                "context": "",
                "parameters": {},
                "environment": {},
                "definition": definition,
            },
            SHOP,
        )


def test_the_name_of_a_file_in_a_request_is_a_problem() -> None:
    definition = {"services": {"in": {"type": "stack", "definition": "../other.yml"}}}
    with pytest.raises(InvalidInput, match="bundle"):
        fill({"definition": definition}, SHOP)
    with pytest.raises(InvalidInput, match="bundle"):
        fill_tree({"definition": {"services": {"x": {"type": "stack", "definition": definition}}}}, SHOP)


@pytest.mark.parametrize(
    "more",
    [
        {"parameters": "x"},
        {"parameters": [{"name": "a"}]},
        {"environment": {"A": 1.5}},
        {"environment": {"A B": "x"}},
        {"environment": "x"},
        {"environment": {"A": "\x1b"}},
    ],
)
def test_what_stands_beside_a_definition_is_checked_too(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        stack("services: {a: {image: a}}", **more)


def test_a_thousand_mistakes_are_not_all_listed() -> None:
    text = "services: {a: {image: a, " + ", ".join(f"k{number}: 1" for number in range(1000)) + "}}"
    assert len(problems(text)) == 200


WORDS = """
    services web image type definition interface / port path volumes source target configs secrets from
    env content deploy resources limits memory healthcheck test environment depends_on condition labels
    command tmpfs gateway publish parameters default contexts generate length name value cap_add x-a
"""
TEXTS = st.sampled_from(["", "a", "/", "{{ x }}", "a:/b", "5s", "stack", "x=y"])
SCRAPS = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70_000) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS.split()), inner, max_size=4)
    ),
    max_leaves=25,
)


@given(SCRAPS, SCRAPS, SCRAPS)
def test_any_mapping_is_a_stack_or_a_list_of_problems(service: Any, shared: Any, parameters: Any) -> None:
    definition = {
        "services": {"web": service},
        "volumes": shared,
        "configs": shared,
        "secrets": shared,
        "gateway": shared,
        "parameters": parameters,
        "contexts": parameters,
    }
    try:
        fill_tree({"definition": definition, "parameters": parameters, "environment": shared}, SHOP)
    except InvalidInput as error:
        assert error.problems


def test_problems_of_data_without_a_file_name_their_path() -> None:
    with pytest.raises(InvalidInput) as caught:
        fill(
            {"definition": {"services": {"a": {"image": "A"}}}},
            SHOP,
            Source(Document.unmarked({}, "request")),
        )
    assert str(caught.value).startswith('request: services.a.image: "A" is not accepted')


def test_a_tcp_route_is_not_published_where_tls_listens() -> None:
    offered = "services: {web: {image: a, interface: {tcp:443: {port: 1}}}}"
    published = f"gateway: {{publish: [{SECURE}, {{port: 1, tcp: 443}}], {CERTIFIED}}}\n{SECRET}\n"
    (problem,) = problems(f"{offered}\n{published}")
    assert "listens on 443 itself" in str(problem)
    (problem,) = problems(f"{offered}\n{published.replace('port: 1, ', 'port: 1, redirect: https, ')}")
    assert "no TLS of ours" in str(problem)
