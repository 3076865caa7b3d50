"""Loading: playbooks, definitions and bundles; where values come from; and files that nobody should read."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from ailtire_deploy import loading
from ailtire_deploy.errors import InvalidInput
from ailtire_deploy.loading import EngineTarget, Entry, Origin, Playbook
from ailtire_deploy.names import StackPath

PROJECT = Path(__file__).parent.parent
SHOP = """\
name: shop
parameters:
  tag: {type: string, default: "1.4"}
  replicas: {type: integer, default: 2, minimum: 1}
contexts:
  dev: {replicas: 1, tag: edge}
services:
  web: {image: "shop/web:{{ tag }}", deploy: {replicas: "{{ replicas }}"}}
  orders:
    type: stack
    definition: ../orders/stack.yml
    parameters: {tag: "{{ tag }}"}
"""
ORDERS = """\
parameters: {tag: {type: string}}
services: {api: {image: "orders/api:{{ tag }}"}}
"""
PLAY = """\
- name: Shop
  engine: {context: prod}
  context: dev
  vars_files: [vars/all.yml, vars/prod.yml]
  vars: {colour: red, count: 4}
  stacks:
    - definition: ../stacks/shop/stack.yml
      tags: [shop, all]
      parameters: {replicas: "{{ count }}"}
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The files of the example in the design."""
    write(tmp_path / "stacks/shop/stack.yml", SHOP)
    write(tmp_path / "stacks/orders/stack.yml", ORDERS)
    write(tmp_path / "playbooks/shop.yml", PLAY)
    write(tmp_path / "playbooks/vars/all.yml", 'tag: "7"\ncolour: blue\n')
    write(tmp_path / "playbooks/vars/prod.yml", 'tag: "8"\n')
    return tmp_path


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def entry(target: Path, **options: Any) -> Entry:
    (play,) = loading.load(target, **options).plays
    (found,) = play.entries
    return found


def problems(target: Path, **options: Any) -> list[str]:
    """What is wrong, without the folder of the test."""
    with pytest.raises(InvalidInput) as caught:
        loading.load(target, **options)
    return [str(problem).replace(f"{target.parent}/", "") for problem in caught.value.problems]


# Targets


def test_a_playbook_names_engine_context_and_roots(files: Path) -> None:
    (play,) = loading.load(files / "playbooks/shop.yml").plays
    assert (play.name, play.engine, play.context) == ("Shop", EngineTarget(context="prod"), "dev")
    (found,) = play.entries
    assert found.path == StackPath(("shop",))
    assert found.tags == {"shop", "all"}
    assert [str(path) for path in found.stacks] == ["shop", "shop/orders"]
    assert found.body.keys() == {"format", "name", "context", "parameters", "environment", "definition"}


def test_a_bare_definition_is_a_play_of_one_entry(files: Path) -> None:
    (play,) = loading.load(files / "stacks/shop/stack.yml", context="dev").plays
    assert (play.name, play.engine, play.context) == ("", None, "dev")
    assert play.entries[0].stacks[StackPath(("shop", "orders"))].services[0].image == "orders/api:edge"


def test_a_folder_stands_for_the_file_in_it(files: Path) -> None:
    assert entry(files / "stacks/shop").path.key == "shop"
    assert "without playbook.yml or stack.yml" in problems(files / "stacks")[0]


def test_a_bundle_is_the_same_without_its_files(files: Path) -> None:
    first = entry(files / "playbooks/shop.yml")
    bundle = loading.bundle(files / "playbooks/shop.yml")
    alone = write(files / "elsewhere/bundle.json", json.dumps(bundle))
    again = entry(alone)
    assert again.body == first.body == bundle
    assert again.stacks == first.stacks
    assert entry(alone, extra={"replicas": "9"}).body["parameters"]["replicas"] == 9
    assert entry(alone, context="").body["context"] == "dev"


def test_a_bundle_is_of_one_root(files: Path) -> None:
    two = PLAY + "    - {definition: ../stacks/shop/stack.yml, name: other}\n"
    with pytest.raises(InvalidInput, match="here are 2"):
        loading.bundle(write(files / "playbooks/two.yml", two))


def test_a_root_may_get_another_name(files: Path) -> None:
    play = "- stacks: [{definition: ../stacks/shop/stack.yml, name: '{{ who }}'}]\n  vars: {who: second}\n"
    assert entry(write(files / "playbooks/b.yml", play)).path == StackPath(("second",))


def test_a_root_that_shall_go_needs_only_its_name(files: Path) -> None:
    play = "- stacks: [{definition: gone.yml, name: old, state: absent}]\n"
    assert entry(write(files / "a.yml", play)) == Entry(StackPath(("old",)), "absent")
    play = "- stacks: [{definition: stacks/shop/stack.yml, state: absent}]\n"
    assert entry(write(files / "a.yml", play)).path == StackPath(("shop",))


def test_a_definition_with_the_name_of_a_child_may_stand_inside(files: Path) -> None:
    text = SHOP.replace("../orders/stack.yml", ORDERS.replace("\n", ", ").join("{}"))
    assert len(entry(write(files / "stacks/shop/stack.yml", text)).stacks) == 2


def test_plays_come_in_their_order(files: Path) -> None:
    text = PLAY + PLAY.replace("name: Shop", "name: Again").replace("{context: prod}", "{host: 'ssh://a@b'}")
    playbook = loading.load(write(files / "playbooks/shop.yml", text))
    assert [(play.name, play.engine) for play in playbook.plays] == [
        ("Shop", EngineTarget(context="prod")),
        ("Again", EngineTarget(host="ssh://a@b")),
    ]


def test_tags_keep_the_entries_that_bear_one(files: Path) -> None:
    text = PLAY + "    - {definition: ../stacks/shop/stack.yml, name: other, tags: other}\n"
    target = write(files / "playbooks/shop.yml", text)
    assert paths(loading.load(target)) == ["shop", "other"]
    assert paths(loading.load(target, tags=["other", "none"])) == ["other"]
    assert "no entry bears the tag none (tags are all, other, shop)" in problems(target, tags=["none"])[0]


def paths(playbook: Playbook) -> list[str]:
    return [str(found.path) for play in playbook.plays for found in play.entries]


@pytest.mark.parametrize("name", ["guestbook.yml", "three-levels.yml"])
def test_the_examples_are_without_mistakes(name: str) -> None:
    assert entry(PROJECT / "playbooks" / name).stacks


# Values


def test_the_strongest_value_wins_and_its_origin_is_known(files: Path) -> None:
    target, play = files / "stacks/shop/stack.yml", files / "playbooks/shop.yml"
    more = write(files / "more.yml", "replicas: 6\n")
    assert origin(target, "tag") == ("1.4", "parameter default", "stack.yml:3")
    assert origin(target, "tag", context="dev") == ("edge", "context dev", "stack.yml:6")
    assert origin(play, "tag") == ("8", "vars_files", "prod.yml:1")
    assert origin(play, "replicas") == (4, "parameters", "shop.yml:9")
    assert origin(play, "replicas", extra_files=[more]) == (6, "-e", "more.yml:1")
    assert origin(play, "replicas", extra_files=[more], extra={"replicas": "7"}) == (7, "-e", "-e replicas")


def origin(target: Path, name: str, **options: Any) -> tuple[object, str, str]:
    found = entry(target, **options)
    assert isinstance(found.origins[name], Origin)
    made = found.stacks[found.path].services[0]
    shown = {"tag": made.image.split(":")[1], "replicas": made.options["deploy"]["replicas"]}
    assert shown[name] == found.origins[name].value
    return found.origins[name].value, found.origins[name].source, Path(found.origins[name].place).name


def test_a_variable_of_the_play_beats_its_files(files: Path) -> None:
    text = PLAY.replace("vars: {", 'vars: {tag: "9", ')
    assert origin(write(files / "playbooks/shop.yml", text), "tag") == ("9", "vars", "shop.yml:5")


def test_an_extra_value_is_a_variable_too(files: Path) -> None:
    found = entry(files / "playbooks/shop.yml", extra={"count": "5"})
    assert found.body["parameters"]["replicas"] == 5


def test_the_name_of_the_context_may_come_from_the_command_line(files: Path) -> None:
    assert entry(files / "playbooks/shop.yml", context="").body["context"] == ""
    assert "no context 'prod'" in problems(files / "playbooks/shop.yml", context="prod")[0]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", "5", "5"),
        ("string", "true", "true"),
        ("string", "{{ x }}", "{{ x }}"),
        ("integer", "-5", -5),
        ("number", "1.5", 1.5),
        ("number", "2", 2),
        ("boolean", "true", True),
        ("boolean", "False", False),
    ],
)
def test_an_extra_value_is_read_by_the_declared_type(
    tmp_path: Path, kind: str, text: str, value: object
) -> None:
    stack = f"name: a\nparameters: {{p: {{type: {kind}}}}}\nservices: {{a: {{image: a}}}}\n"
    found = entry(write(tmp_path / "stack.yml", stack), extra={"p": text}).body["parameters"]["p"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "text"), [("integer", "five"), ("integer", "1.5"), ("boolean", "yes"), ("number", "")]
)
def test_an_extra_value_of_another_type_is_a_problem(tmp_path: Path, kind: str, text: str) -> None:
    stack = f"name: a\nparameters: {{p: {{type: {kind}}}}}\nservices: {{a: {{image: a}}}}\n"
    (problem,) = problems(write(tmp_path / "stack.yml", stack), extra={"p": text})
    assert problem.startswith("-e p: has to be")


def test_a_name_that_nobody_declares_is_a_problem(files: Path) -> None:
    (problem,) = problems(files / "playbooks/shop.yml", extra={"replica": "3"})
    assert problem == (
        "-e replica: nobody declares a variable or parameter of this name (did you mean replicas?)"
    )
    more = write(files / "more.yml", "a: 1\nreplica: 6\n")
    assert [
        each.split("more.yml")[1][:3] for each in problems(files / "stacks/shop", extra_files=[more])
    ] == [
        ":1:",
        ":2:",
    ]


def test_a_value_is_never_rendered_itself(files: Path) -> None:
    found = entry(files / "playbooks/shop.yml", extra={"colour": "{{ count }}", "tag": "1"})
    assert found.body["parameters"] == {"tag": "1", "replicas": 4}
    text = PLAY.replace("{replicas:", '{tag: "x{{ colour }}", replicas:')
    target = write(files / "playbooks/shop.yml", text)
    found = problems(target, extra={"colour": "{{ count }}"})
    assert all("x{{ count }}" in each for each in found), "no image has such a name; nobody made it x4"


def test_files_of_configs_are_copied_as_they_are(files: Path) -> None:
    text = SHOP + "configs: {a: {file: conf/a.txt}, b: {file: conf/b.bin}, c: {file: conf/c.j2}, "
    text += "d: {content: '{{ tag }}'}}\n"
    target = write(files / "stacks/shop/stack.yml", text)
    contents = {"a.txt": "ä\n".encode(), "b.bin": b"\x00\xff", "c.j2": b"{{ other }}"}
    for name, content in contents.items():
        write(files / "stacks/shop/conf" / name, "").write_bytes(content)
    found = entry(target)
    assert found.body["definition"]["configs"]["a"] == {"content": "ä\n"}
    assert found.stacks[found.path].configs == {
        "a": "ä\n".encode(),
        "b": b"\x00\xff",
        "c": b"{{ other }}",
        "d": b"1.4",
    }


# Mistakes


def test_mistakes_of_all_files_come_at_once(files: Path) -> None:
    write(files / "stacks/orders/stack.yml", ORDERS.replace("image", "imge"))
    write(
        files / "stacks/shop/stack.yml", SHOP.replace("web: {image", "web: {init: 5, image") + "a: 1\na: 2\n"
    )
    write(files / "playbooks/shop.yml", PLAY.replace("{{ count }}", "{{ cuont }}") + "  stcks: []\n")
    found = problems(files / "playbooks/shop.yml")
    lines = [each.replace(f"{files}/", "").split(": ")[0].rsplit(":", 1)[0] for each in found]
    assert lines == [
        "shop.yml:9",
        "shop.yml:10",
        "stacks/orders/stack.yml:2",
        "stacks/orders/stack.yml:2",
        "stacks/shop/stack.yml:8",
        "stacks/shop/stack.yml:13",
        "stacks/shop/stack.yml:14",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {}\n", "'stacks' is missing"),
        ("[]\n", "may not be empty"),
        ("- stacks: []\n", "may not be empty"),
        ("stacks: [{definition: a.yml}]\n", "a list of plays"),
        ("- stacks: [{definition: nope.yml}]\n", '"nope.yml" does not exist'),
        ("- stacks: [{definition: stacks/shop/stack.yml, state: gone}]\n", "not one of present, absent"),
        ("- hosts: all\n  stacks: [{definition: stacks/shop/stack.yml}]\n", "not hosts and tasks"),
        ("- engine: {context: a, host: b}\n  stacks: [{definition: stacks/shop/stack.yml}]\n", "exactly one"),
        ("- stacks: [{definition: stacks/shop/stack.yml, name: Shop}]\n", "a-z"),
        ("- stacks: [{definition: stacks/shop/stack.yml, name: edge}]\n", "reserved"),
        ("- vars: {a: [1]}\n  stacks: [{definition: stacks/shop/stack.yml}]\n", "has to be text"),
        ("- vars_files: [nope.yml]\n  stacks: [{definition: stacks/shop/stack.yml}]\n", "does not exist"),
        ("- vars_files: [list.yml]\n  stacks: [{definition: stacks/shop/stack.yml}]\n", "names to values"),
        ("- context: '{{ nope }}'\n  stacks: [{definition: stacks/shop/stack.yml}]\n", "undefined"),
        (
            "- stacks: [{definition: stacks/shop/stack.yml}, {definition: stacks/shop/stack.yml}]\n",
            "the root shop twice",
        ),
        ("services: {a: {image: a}}\n", "a root needs a name"),
        ("name: edge\nservices: {a: {image: a}}\n", "reserved"),
        ("just words\n", "mapping"),
        ("", "it is empty"),
        ("{", "not YAML"),
    ],
)
def test_each_mistake_in_a_target_is_one_problem(files: Path, text: str, said: str) -> None:
    write(files / "list.yml", "[1]\n")
    (problem,) = problems(write(files / "target.yml", text))
    assert said in problem


def test_a_broken_bundle_is_a_problem(files: Path) -> None:
    for text in ("{", '{"a": 1, "a": 2}', "[" * 100_000, '{"format": 1, "definition": 5}', "\xff"):
        target = files / "bundle.json"
        target.write_bytes(text.encode("latin-1"))
        assert len(problems(target)) == 1


def test_a_definition_that_names_itself_is_a_problem(files: Path) -> None:
    write(
        files / "stacks/orders/stack.yml",
        ORDERS[:-2] + ", up: {type: stack, definition: ../shop/stack.yml}}\n",
    )
    (problem,) = problems(files / "stacks/shop/stack.yml")
    assert "names itself" in problem
    assert problem.count("→") == 2


def test_a_tree_grows_only_so_large(tmp_path: Path) -> None:
    for level in range(9):
        children = ", ".join(f"c{n}: {{type: stack, definition: l{level + 1}.yml}}" for n in range(3))
        write(tmp_path / f"l{level}.yml", f"name: a\nservices: {{{children}}}\n")
    write(tmp_path / "l9.yml", "services: {a: {image: a}}\n")
    found = problems(tmp_path / "l0.yml")
    assert all("more than 200 stacks" in each for each in found)


# Files that nobody should read


@pytest.fixture
def trap(files: Path) -> Path:
    """A folder with everything in it that is no plain file of the project."""
    secret = write(files / "outside/secret.yml", "password: hunter2\n")
    shop = files / "stacks/shop"
    os.mkfifo(shop / "fifo")
    (shop / "link").symlink_to(secret)
    (shop / "passwd").symlink_to("/etc/passwd")
    (shop / "folder").mkdir()
    (shop / "loop").symlink_to(shop / "loop")
    (shop / "inside").symlink_to(shop / "stack.yml")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(shop / "socket"))
    return shop


NAMES = [
    "/etc/passwd",
    "~/x",
    "../../outside/secret.yml",
    "link",
    "passwd",
    "fifo",
    "folder",
    "loop",
    "socket",
]
NAMES += [
    "/dev/zero",
    "/proc/self/environ",
    "nope",
    "../../../../../../../../etc/passwd",
    "a\\0b",
    "a\\e[2Jb",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "place", ["configs: {x: {file: NAME}}", "services: {x: {type: stack, definition: NAME}}"]
)
def test_no_file_outside_is_read_and_none_makes_us_wait(trap: Path, name: str, place: str) -> None:
    rest = "" if "services" in place else "services: {a: {image: a}}\n"
    found = problems(
        write(trap / "stack.yml", "name: shop\n" + rest + place.replace("NAME", f'"{name}"') + "\n")
    )
    assert found
    assert "hunter2" not in str(found)
    assert "root:" not in str(found)
    assert "\x1b" not in str(found)


def test_a_link_within_the_folder_is_followed(trap: Path) -> None:
    write(trap / "stack.yml", "name: shop\nservices: {a: {image: a}}\nconfigs: {x: {file: inside}}\n")
    found = entry(trap / "stack.yml")
    assert b"name: shop" in found.stacks[found.path].configs["x"]


def test_a_project_reaches_to_its_repository(files: Path) -> None:
    deep = write(files / "a/b/c/stack.yml", SHOP.replace("../orders", "../../../stacks/orders"))
    assert "lies outside the project" in problems(deep)[0]
    (files / ".git").mkdir()
    assert len(entry(deep).stacks) == 2


def test_files_may_be_only_so_large(files: Path) -> None:
    write(files / "stacks/shop/big", "x" * 70_000)
    target = write(files / "stacks/shop/stack.yml", SHOP + "configs: {x: {file: big}}\n")
    assert "is larger than 64 KiB" in problems(target)[0]
    write(files / "stacks/orders/stack.yml", "#" * 2_000_000)
    assert any("larger than 1024 KiB" in each for each in problems(target))


@pytest.mark.parametrize("name", ["fifo", "folder", "socket", "nope"])
def test_a_target_has_to_be_a_plain_file(trap: Path, name: str) -> None:
    assert len(problems(trap / name)) == 1
    assert problems(trap / "stack.yml", extra_files=[trap / name])


def test_loading_changes_nothing_on_disk(files: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in files.rglob("*")}
    loading.load(files / "playbooks/shop.yml")
    assert {file: file.stat().st_mtime_ns for file in files.rglob("*")} == before
