"""When a resource counts as changed, and what of the change is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ailtire_deploy.diff import Change, changes, contents
from ailtire_deploy.names import LABEL_HASH, LABEL_OUTCOME, LABEL_REPORT
from ailtire_deploy.state import Key, Resource

WEB = Key("service", "shop_web")


def service(spec: dict[str, Any], hash: str = "1", **labels: str) -> Resource:
    return Resource(WEB, spec, {LABEL_HASH: hash, **labels})


def template(**container: Any) -> dict[str, Any]:
    return {"TaskTemplate": {"ContainerSpec": container}, "Mode": {"Replicated": {"Replicas": 2}}}


def container(name: str) -> str:
    return f"TaskTemplate.ContainerSpec.{name}"


def test_equal_resources_differ_in_nothing() -> None:
    assert changes(service(template(Image="a")), service(template(Image="a"))) == ()


def test_a_field_that_we_set_and_that_differs_is_a_change() -> None:
    wanted, found = template(Image="a"), template(Image="a")
    found["Mode"] = {"Replicated": {"Replicas": 3}}
    assert changes(service(wanted), service(found)) == (Change("Mode.Replicated.Replicas", 3, 2),)


def test_a_field_that_we_set_and_that_is_not_there_is_a_change() -> None:
    found = changes(service(template(Image="a", User="1")), service(template(Image="a")))
    assert found == (Change(container("User"), None, "1"),)


def test_what_was_added_to_a_field_we_never_set_is_no_change() -> None:
    assert changes(service(template(Image="a")), service(template(Image="a", Hostname="x"))) == ()


def test_what_was_taken_out_of_the_definition_is_a_change_told_by_the_hash() -> None:
    found = changes(service(template(Image="a"), "2"), service(template(Image="a", User="1"), "1"))
    assert found == (Change(container("User"), "1", None),)


def test_writing_takes_away_what_we_never_set_and_the_change_says_so() -> None:
    found = changes(service(template(Image="b")), service(template(Image="a", User="1")))
    assert found == (Change(container("Image"), "a", "b"), Change(container("User"), "1", None))


def test_another_hash_alone_is_shown_as_the_label_it_is() -> None:
    found = changes(service(template(Image="a"), "2"), service(template(Image="a"), "1"))
    assert found == (Change("Labels.ailtire.hash", "1", "2"),)


def test_environment_is_compared_by_name() -> None:
    wanted, found = template(Env=["A=1", "B=2", "D="]), template(Env=["A=1", "B=3", "C=4"])
    assert changes(service(wanted), service(found)) == (
        Change(container("Env[B]"), "3", "2"),
        Change(container("Env[C]"), "4", None),
        Change(container("Env[D]"), None, ""),
    )


def test_mounted_files_are_compared_by_name() -> None:
    old = {"ConfigName": "page-1", "File": {"Name": "/a"}}
    new = {"ConfigName": "page-2", "File": {"Name": "/a"}}
    assert changes(service(template(Configs=[new])), service(template(Configs=[old]))) == (
        Change(container("Configs[page-1]"), old, None),
        Change(container("Configs[page-2]"), None, new),
    )


def test_what_the_engine_adds_to_an_element_is_no_change() -> None:
    ours, theirs = {"Target": "/a", "Type": "volume"}, {"Target": "/a", "Type": "volume", "Consistency": "x"}
    assert changes(service(template(Mounts=[ours])), service(template(Mounts=[theirs]))) == ()
    found = changes(service(template(Mounts=[ours]), "2"), service(template(Mounts=[theirs]), "1"))
    assert found == (Change(container("Mounts[/a].Consistency"), "x", None),)


def test_the_order_of_a_command_is_a_change_of_the_whole() -> None:
    found = changes(service(template(Args=["a", "b"])), service(template(Args=["b", "a"])))
    assert found == (Change(container("Args"), ["b", "a"], ["a", "b"]),)


def test_one_file_mounted_twice_is_compared_as_a_whole() -> None:
    one, two = ({"ConfigName": "page-1", "File": {"Name": name}} for name in ("/a", "/b"))
    found = changes(service(template(Configs=[one, two])), service(template(Configs=[one])))
    assert found == (Change(container("Configs"), [one], [one, two]),)


def test_a_label_that_we_set_is_a_change_and_one_of_others_is_not() -> None:
    spec = template(Image="a")
    assert changes(service(spec, note="x"), service(spec, note="y")) == (Change("Labels.note", "y", "x"),)
    assert changes(service(spec), service(spec, theirs="y")) == ()


@pytest.mark.parametrize("label", [LABEL_OUTCOME, LABEL_REPORT])
def test_what_a_controller_says_of_its_revision_is_no_change(label: str) -> None:
    wanted = Resource(Key("config", "shop.r1"), {}, {LABEL_HASH: "1", label: "pending"})
    assert changes(wanted, replace(wanted, labels={LABEL_HASH: "1", label: "converged"})) == ()


def test_text_of_a_config_is_shown_as_a_unified_diff() -> None:
    old, new = (
        Resource(Key("config", name), data=data) for name, data in (("p-1", b"a\nb\n"), ("p-2", b"a\nc\n"))
    )
    (found,) = contents(new, old)
    assert found == Change("Data", "a\nb\n", "a\nc\n")
    assert found.lines() == ("Data:", "@@ -1,2 +1,2 @@", " a", "-b", "+c")


def test_bytes_that_are_no_text_are_called_binary() -> None:
    old, new = (Resource(Key("config", "p"), data=data) for data in (b"\xff\xfe", b"a\0b"))
    (found,) = contents(new, old)
    assert found.before.startswith("binary, sha256 ")
    assert found.after.startswith("binary, sha256 ")
    assert found.before != found.after


def test_nothing_of_a_secret_is_ever_shown() -> None:
    old, new = (
        Resource(Key("secret", "s"), {}, {"ailtire.path": "x"}, data=data) for data in (b"hush", b"psst")
    )
    assert contents(new, old) == changes(new, old) == ()
    assert "hush" not in repr(old)


def test_a_change_reads_from_before_to_after() -> None:
    assert Change("Mode.Replicated.Replicas", 2, 3).lines() == ("Mode.Replicated.Replicas: 2 → 3",)
    assert Change("User", None, "a\x1b[1m").lines() == ('User: (none) → "a\\u001b[1m"',)
