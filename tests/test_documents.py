"""Documents: strict YAML with places, JSON, limits, and one text for one value."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ailtire_deploy.documents import DEPTH, SIZE, Document, canonical, digest, dotted, read_json, read_yaml
from ailtire_deploy.errors import InvalidInput, Problem

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
PIECES = [
    "a",
    "b",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "&x ",
    "*x",
    "!raw ",
    "!!str ",
    "!",
    "|\n",
]
PIECES += [
    ">\n",
    '"',
    "'",
    "#",
    "? ",
    "%YAML 1.1\n",
    "---\n",
    "...\n",
    "<<",
    "\t",
    "1",
    "~",
    "é",
    "\x07",
    "@",
    "\r",
]


def only(text: str | bytes) -> Problem:
    """The one problem of a text that is not accepted."""
    with pytest.raises(InvalidInput) as caught:
        read_yaml(text, "f.yml")
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("22:22", "22:22"),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("0644", "0644"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("2026-01-01", "2026-01-01"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("e5", "e5"),
        (".", "."),
        ("9" * 30, "9" * 30),
        ("-12", -12),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ('"5"', "5"),
        ("'true'", "true"),
        ("!!str 5", "5"),
        ("=", "="),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says_or_stays_text(written: str, value: object) -> None:
    found = read_yaml(f"a: {written}\n", "f.yml").data["a"]
    assert found == value
    assert type(found) is type(value)


def test_a_raw_scalar_is_passed_through_by_templates() -> None:
    assert read_yaml('a: !raw "{{.Node.Hostname}}"', "f").data == {
        "a": "{% raw %}{{.Node.Hostname}}{% endraw %}"
    }


def test_each_value_knows_its_place() -> None:
    document = read_yaml(
        "services:\n  web:\n    volumes:\n      - data:/x\n      - {source: b}\n", "stack.yml"
    )
    assert str(document.problem(("services", "web", "volumes", 1, "source"), "is wrong", "so")) == (
        "stack.yml:5:10: services.web.volumes[1].source: is wrong (so)"
    )


def test_a_value_that_is_missing_stands_where_its_parent_does() -> None:
    document = read_yaml("a:\n  b: {c: 1}\n", "f.yml")
    problem = document.problem(("a", "b", "d", "e"), "is missing")
    assert (problem.line, problem.column, problem.path) == (2, 3, "a.b.d.e")


def test_a_part_of_a_document_keeps_the_whole_path() -> None:
    part = read_yaml("a:\n  b:\n    c: 1\n", "f.yml").at("a", "b")
    assert part.data == {"c": 1}
    assert part.problem(("c",), "x").path == "a.b.c"
    assert part.problem(("c",), "x").line == 3


def test_data_without_a_file_has_paths_and_no_lines() -> None:
    part = Document.unmarked({"a": [{"b": 1}]}, "request").at("a", 0)
    assert part.data == {"b": 1}
    assert str(part.problem(("b",), "is wrong")) == "request: a[0].b: is wrong"


def test_merge_keys_add_what_is_not_there() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 5\n"
    document = read_yaml(text, "f.yml")
    assert document.data["z"] == {"a": 5, "b": 2, "c": 4}
    assert document.problem(("z", "c"), "").line == 2


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "twice"),
        ("a: {b: 1, b: 2}\n", 1, "twice"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tag"),
        ("a: !!binary aGk=\n", 1, "tag"),
        ("a: !!set {b}\n", 1, "tag"),
        ("a: 1\n--- {}\n", 2, "second document"),
        ("a: *b\n", 1, "alias"),
        ("a: &a [*a]\n", 1, "alias"),
        ("? [a, b]\n: c\n", 1, "key"),
        ("a: [1, 2\nb: 3\n", 2, "not YAML"),
        ("a: 'x\n", 2, "not YAML"),
        ("a:\n\t- b\n", 2, "not YAML"),
        ("a: 1\nb: \x00\n", 2, "not YAML"),
        ("a:\n  <<: 5\n", 2, "<<"),
        ('a: !raw "{%- endraw %}{{ x }}"\n', 1, "!raw"),
        ("[" * (DEPTH + 1), 1, "nested"),
    ],
)
def test_what_is_not_accepted_is_named_with_its_line(text: str, line: int, said: str) -> None:
    problem = only(text)
    assert problem.line == line
    assert said in problem.message


def test_bytes_have_to_be_utf_8() -> None:
    assert only(b"a: 1\nb: \xff\n").line == 2
    assert read_yaml("\ufeffa: ä".encode(), "f").data == {"a": "ä"}


def test_reading_goes_on_after_a_doubled_key_for_who_asks() -> None:
    problems: list[Problem] = []
    document = read_yaml("a: 1\na: 2\nb: 3\nb: 4\nc: !x 5\n", "f.yml", problems)
    assert document.data == {"a": 1, "b": 3, "c": "5"}
    assert [problem.line for problem in problems] == [2, 4, 5]


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


def tower(levels: int) -> str:
    return "a0: &a0 [x]\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, levels))


@pytest.mark.parametrize(
    "text",
    [bomb(9), tower(60), "[" * 500_000, "{a: " * 200_000, "- " * 400_000, "a: [" + "1," * 400_000 + "]"],
    ids=["aliases", "tower of aliases", "lists", "mappings", "dashes", "values"],
)
def test_bombs_are_refused_at_once(text: str) -> None:
    begun = time.perf_counter()
    only(text)
    assert time.perf_counter() - begun < 2


def test_honest_aliases_are_welcome() -> None:
    assert read_yaml(bomb(3), "f").data["a2"][8][8] == ["x"] * 9


def test_a_file_may_be_only_so_large() -> None:
    assert "larger" in only("#" * (SIZE + 1)).message


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        canonical(read_yaml(text, "f.yml").data)
    except InvalidInput as error:
        assert error.problems


def test_an_empty_file_is_nothing() -> None:
    assert read_yaml("", "f").data is None
    assert read_yaml("# words\n", "f").data is None


@given(JSON)
def test_json_is_yaml(data: object) -> None:
    assert read_json(json.dumps(data), "f").data == data


@pytest.mark.parametrize(
    "text",
    ['{"a": 1, "a": 2}', "[" * 100_000, "NaN", "-Infinity", "1e999", "9" * 5000, "{", "", '{"a": 1} 2'],
)
def test_json_is_read_strictly(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_json(text, "bundle.json")


@given(JSON)
def test_equal_values_have_one_text(data: object) -> None:
    assert canonical(json.loads(canonical(data))) == canonical(data)
    assert digest(data) == digest(json.loads(json.dumps(data)))


def test_the_order_of_keys_changes_nothing() -> None:
    assert digest({"a": 1, "b": [1, 2]}) == digest({"b": [1, 2], "a": 1})
    assert digest([1, 2]) != digest([2, 1])


def test_infinity_has_no_text() -> None:
    with pytest.raises(ValueError):
        canonical({"a": float("inf")})


def test_a_path_shows_odd_keys_in_quotes_and_nothing_a_terminal_obeys() -> None:
    assert dotted(("services", "web", "interface", "/", "port")) == 'services.web.interface["/"].port'
    assert dotted(("a", 0, "\x1b[2J")) == 'a[0]["\\u001b[2J"]'
    assert len(dotted(("x" * 5000,))) < 100
