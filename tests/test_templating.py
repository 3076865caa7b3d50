"""Templating: what a definition may write in {{ … }}, what it may not, and what it may cost."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from ailtire_deploy.templating import UNKNOWN, Renderer, Unknown, Unrenderable, artifact, has_template

VALUES: dict[str, Any] = {"n": 3, "f": 1.5, "s": "Text", "yes": True, "off": False, "e": "", "lost": UNKNOWN}
SCALARS = (
    st.text(max_size=30) | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
)
TEMPLATES = st.sampled_from(
    [
        "{{ n }}",
        "{% raw %}x{% endraw %}",
        "{{ other }}",
        "{{ 7 * 7 }}",
        "{# c #}",
        "{{ '{{ n }}' }}",
        "{%",
        "{{",
        "}}",
    ]
)


def render(text: str, **more: Any) -> Any:
    return Renderer({**VALUES, **more}).render(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("{{ n }}", 3),
        ("{{ f }}", 1.5),
        ("{{ yes }}", True),
        ("{{ s }}", "Text"),
        ("a{{ n }}b", "a3b"),
        (" {{ n }}", " 3"),
        ("{{ n }}{{ n }}", "33"),
        ("{{ yes }}/{{ off }}", "true/false"),
        ("{{ s | lower }}", "text"),
        ("{{ s | upper | replace('T', 'b') }}", "bEXb"),
        ("{{ nothing | default(5) }}", 5),
        ("{{ nothing | default }}", ""),
        ("{{ e | default('x') }}", ""),
        ("{{ e | default('x', true) }}", "x"),
        ("{{ [n, s] | join(',') }}", "3,Text"),
        ("{{ {'a': [n]} | tojson }}", '{"a": [3]}'),
        ("{{ 'many' if n > 2 else 'few' }}", "many"),
        ("{{ 1 < n <= 3 and not off }}", True),
        ("{{ s == 'Text' or nothing }}", True),
        ("{{ n in [1, 2, 3] }}", True),
        ("{{ 'x' not in s }}", False),
        ("{{ -1 }}", -1),
        ("{% if n == 3 %}three{% elif yes %}yes{% else %}no{% endif %}", "three"),
        ("{% if off %}a{% endif %}", ""),
        ("{% raw %}{{.Node.Hostname}}{% endraw %}", "{{.Node.Hostname}}"),
        ("{% raw %}{{ n }}{% endraw %}-{{ n }}", "{{ n }}-3"),
        ("a\n{{ n }}\n", "a\n3\n"),
        ("{# nothing #}", ""),
    ],
)
def test_what_a_template_may_do(text: str, value: object) -> None:
    found = render(text)
    assert found == value
    assert type(found) is type(value)


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ s.format(n) }}",
    "{{ s.upper() }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum() }}",
    "{{ range(3) }}",
    "{{ joiner }}",
    "{{ s | attr('__class__') }}",
    "{{ s | map(attribute='x') }}",
    "{{ s | format }}",
    "{{ s | safe }}",
    "{{ n * 2 }}",
    "{{ n ** 2 }}",
    "{{ n % 2 }}",
    "{{ n + 1 }}",
    "{{ s ~ s }}",
    "{{ s[0:1] }}",
    "{{ -s }}",
    "{{ s is defined }}",
    "{% for i in [1] %}{% endfor %}",
    "{% set x = 1 %}",
    "{% macro m() %}{% endmacro %}",
    "{% include 'x' %}",
    "{% extends 'x' %}",
    "{% import 'x' as x %}",
    "{% block b %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{% call x() %}{% endcall %}",
    "{% do x %}",
    "{{ s | replace('a') }}",
    "{{ s | replace('', 'x') }}",
    "{{ s | replace(*[1, 2]) }}",
    "{{ s | default(value='x') }}",
    "{{ s | join }}",
    "{{ [1] }}-",
    "{{ none }}-",
    "{{ n < s }}",
    "{{ s if off }}",
    "{{ nothing }}",
    "{{ nothing.more }}",
    "{{ 1e999 }}",
    "{{ {[1]: 2} }}",
    "{{ }}",
    "{{ n",
    "{% if n %}",
    "{{ n }} {%",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_nothing_else_is_rendered(text: str) -> None:
    with pytest.raises(Unrenderable):
        render(text)


BOMBS = {
    "growing replace": "{{ 'aaaaaaaaaa'" + "|replace('a','aaaaaaaaaa')" * 30 + " }}",
    "long text": "{{ s }}" * 300_000,
    "big number": "{{ " + "9" * 20_000 + " }}",
    "parentheses": "{{ " + "(" * 30_000 + "n" + ")" * 30_000 + " }}",
    "negations": "{{ " + "not " * 15_000 + "n }}",
    "filters": "{{ s" + "|upper" * 10_000 + " }}",
    "conditions": "{% if n %}" * 6_000,
    "conjunction": "{{ " + "n and " * 10_000 + "n }}",
    "list": "{{ " + "[" * 20_000 + "]" * 20_000 + " }}",
    "join": "{{ [" + "'" + "x" * 30_000 + "'," * 2 + "1] | join('" + "y" * 30_000 + "') | tojson }}",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_cost_bombs_are_refused_at_once(text: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(Unrenderable):
        render(text)
    assert time.perf_counter() - begun < 10


def test_all_templates_of_a_definition_share_one_budget() -> None:
    renderer = Renderer({"x": "y" * 4096})
    text = "{{ x }}" * 15
    with pytest.raises(Unrenderable, match="KiB"):
        for _ in range(1000):
            renderer.render(text)
    with pytest.raises(Unknown):
        renderer.render(text)


def test_a_definition_has_only_so_many_templates() -> None:
    renderer = Renderer({"x": 1})
    with pytest.raises(Unrenderable, match="templates"):
        for _ in range(10_000):
            renderer.render("{{ x }}")


def test_an_undefined_name_comes_with_the_nearest_known_one() -> None:
    with pytest.raises(Unrenderable) as caught:
        Renderer({"replicas": 1}).render("{{ replica }}")
    assert "'replica' is undefined" in str(caught.value)
    assert caught.value.hint == "did you mean replicas?"


def test_a_value_that_is_unknown_is_not_complained_about_twice() -> None:
    with pytest.raises(Unknown):
        render("a{{ lost }}")
    assert render("{{ 1 if yes else lost }}") == 1


def test_branches_that_are_not_taken_are_not_looked_at() -> None:
    assert render("{{ s if yes else nothing }}") == "Text"
    assert render("{{ off and nothing }}") is False


@given(SCALARS | TEMPLATES)
def test_a_value_is_never_rendered_itself(value: Any) -> None:
    assert Renderer({"x": value, "n": 9}).render("{{ x }}") == value


@given(TEMPLATES, st.text(alphabet="abc {}%#", max_size=10))
def test_text_around_a_value_does_not_make_it_a_template(value: str, around: str) -> None:
    text = f"{around.replace('{', '').replace('}', '').replace('%', '').replace('#', '')}|{{{{ x }}}}|"
    rendered = Renderer({"x": value, "n": 9}).render(text)
    assert rendered.endswith(f"|{value}|")


@given(st.text(max_size=60))
def test_a_text_without_marks_stays_as_it_is(text: str) -> None:
    if not has_template(text):
        assert render(text) == text


@given(st.text(alphabet="{}%#|'ns(). -raw", max_size=40))
def test_any_text_is_rendered_or_refused(text: str) -> None:
    try:
        json.dumps(render(text))
    except (Unrenderable, Unknown):
        return


def test_our_own_templates_write_values_as_json() -> None:
    text = "{% for key, value in items.items() %}\n  {{ key }}: {{ value | json }}\n{% endfor %}\n"
    assert artifact(text, items={"a": 'x"\n{{ y }}', "b": ["ü", None]}) == (
        '  a: "x\\"\\n{{ y }}"\n  b: ["ü", null]\n'
    )


def test_our_own_templates_miss_no_name() -> None:
    with pytest.raises(UndefinedError):
        artifact("{{ nothing }}")
