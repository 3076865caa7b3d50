"""Ten mistakes are ten problems on the right lines, exit 3, and nothing is contacted."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.swarm import Swarm

BROKEN = """\
name: Broken_Name                          # mistake
parameters:
  size: {type: integer, default: 2}
services:
  admin: {image: a}                        # mistake
  web:
    image: ailtire-demo/echo
    privileged: true                       # mistake
    interface:
      /: {port: eighty}                    # mistake
      shop: {port: 8080}                   # mistake
    environment: {SIZE: "{{ sise }}"}      # mistake
    depends_on: [nobody]                   # mistake
    secrets: [unknown]                     # mistake
  store:
    image: ailtire-demo/echo
    volumes: [{source: shelf, target: /shelf}]  # mistake
    healthchek: {test: [CMD, "true"]}      # mistake
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tuple[Swarm, socket.socket]]:
    """Something that listens where the engine should, and whether anybody came."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "engine.sock"))
        listening.listen()
        listening.setblocking(False)
        yield Swarm(f"unix://{tmp_path}/engine.sock", "", tmp_path), listening


@pytest.mark.parametrize("verb", ["validate", "plan", "apply", "render", "bundle"])
def test_ten_mistakes_are_ten_problems_and_nothing_is_contacted(
    engine: tuple[Swarm, socket.socket], tmp_path: Path, verb: str
) -> None:
    swarm, listening = engine
    file = tmp_path / "broken.yml"
    file.write_text(BROKEN)
    more = ["-o", str(tmp_path / "out")] if verb == "render" else []
    outcome = swarm.cli(verb, file, *more, code=3)
    problems = re.findall(r"^(\S*broken\.yml):(\d+):(\d+): (\S+): (.+)$", outcome.err, re.MULTILINE)
    wrong = [number for number, line in enumerate(BROKEN.splitlines(), 1) if "# mistake" in line]
    assert [int(line) for _, line, *_ in problems] == wrong, outcome
    assert "healthcheck" in outcome.err, "the nearest valid key"
    assert outcome.out == ""
    with pytest.raises(BlockingIOError):
        listening.accept()


def test_a_file_that_is_not_there_is_a_problem(engine: tuple[Swarm, socket.socket]) -> None:
    outcome = engine[0].cli("plan", "nowhere/stack.yml", code=3)
    assert "nowhere/stack.yml" in outcome.err


def test_a_name_that_nobody_declares_is_a_problem(engine: tuple[Swarm, socket.socket]) -> None:
    outcome = engine[0].cli("plan", "playbooks/guestbook.yml", "-e", "web_replica=3", code=3)
    assert "web_replica" in outcome.err


@pytest.mark.parametrize(
    "arguments", [["deploy"], ["plan"], ["token", "guestbook", "--role", "king"], ["apply", "--nope"]]
)
def test_a_wrong_command_line_is_64(engine: tuple[Swarm, socket.socket], arguments: list[str]) -> None:
    assert engine[0].cli(*arguments).code == 64
