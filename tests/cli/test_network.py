"""``network``: as a process, without an engine."""

from __future__ import annotations

from pathlib import Path

from ailtire_deploy.segments import dialogue
from tests.cli.running import BAD, lines_over, modules_after, run, stack


def test_the_matrix_of_a_file_needs_no_engine_and_has_three_forms(tmp_path: Path) -> None:
    file = str(stack(tmp_path))
    text, markdown = (
        run(tmp_path, "network", "matrix", file, *more) for more in ([], ["--output", "markdown"])
    )
    assert (text.code, text.err) == (0, "")
    assert not lines_over(80, text.out)
    assert "| `shop/gateway` | `shop/web:8080` | direct | web |" in markdown.out
    (found,) = run(tmp_path, "network", "matrix", file, "--output", "json").json["matrices"]
    assert found["stack"] == "shop"
    assert {"from": "shop/web", "to": "shop/gateway"}.items() <= found["direct"][-1].items()


def test_the_matrix_loads_no_engine(tmp_path: Path) -> None:
    assert not modules_after("network", "matrix", str(stack(tmp_path))) & {"docker", "requests", "bottle"}


def test_a_wrong_definition_is_3_and_a_swarm_that_is_not_there_8(tmp_path: Path) -> None:
    assert run(tmp_path, "network", "matrix", str(stack(tmp_path, BAD))).code == 3
    assert run(tmp_path, "network", "matrix", "No/Path").code == 3
    assert run(tmp_path, "network", "matrix", "shop").code == 8


def test_each_of_its_commands_teaches_by_example(tmp_path: Path) -> None:
    for name in ("matrix", "verify"):
        shown = run(tmp_path, "network", name, "--help")
        assert shown.code == 0
        assert f"ailtire-deploy network {name}" in shown.out
        assert not lines_over(80, shown.out)


def test_what_cannot_be_verified_is_told_by_the_exit_code(tmp_path: Path) -> None:
    assert run(tmp_path, "network", "verify", "shop").code == 8
    assert run(tmp_path, "network", "verify", "stack.yml").code == 64
    assert run(tmp_path, "network", "verify", "shop", "--timeout", "2h").code == 64


def test_a_probe_answers_questions_and_nothing_else(tmp_path: Path) -> None:
    asked = dialogue.packed(dialogue.Question(("no-such-name.invalid",), (("127.0.0.1", 1),)))
    answer = dialogue.heard(run(tmp_path, "probe", asked).out.splitlines())
    assert answer is not None
    assert dict(answer.places) == {("127.0.0.1", 1): "refused"}
    assert run(tmp_path, "probe", "nonsense").code == 64


def test_a_probe_costs_its_node_little() -> None:
    loaded = modules_after("probe", dialogue.packed(dialogue.Question((), ())))
    assert not loaded & {"docker", "requests", "jinja2", "jsonschema", "yaml"}
