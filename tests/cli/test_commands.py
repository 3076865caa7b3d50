"""The command line as a process: help, exit codes, forms of output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from ailtire_deploy.cli.front import ALIASES, SECTIONS
from tests.cli.running import BAD, GOOD, environment, lines_over, modules_after, run, stack

COMMANDS = [name for section in SECTIONS.values() for name in section]


def test_help_names_every_command_its_purpose_and_the_exit_codes(tmp_path: Path) -> None:
    shown = run(tmp_path, "--help")
    assert shown.code == 0
    for section in SECTIONS.values():
        assert all(f"  {name}" in shown.out and purpose in shown.out for name, purpose in section.items())
    assert all(code in shown.out for code in ("  0  done", "  2  plan", "  3  invalid", " 64  wrong", "130"))
    assert not lines_over(80, shown.out)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_teaches_within_80_columns(tmp_path: Path, name: str) -> None:
    shown = run(tmp_path, name, "--help")
    assert (shown.code, shown.err) == (0, "")
    assert not lines_over(80, shown.out)
    inside = name in SECTIONS["Inside containers"]
    assert inside or f"ailtire-deploy {name}" in shown.out, "an example"


@pytest.mark.parametrize("name", [*COMMANDS, *ALIASES])
def test_each_command_of_the_index_exists_and_is_called_so(name: str) -> None:
    command = import_module(f"ailtire_deploy.cli.commands.{name}").command
    assert isinstance(command, click.Command)
    assert command.name == name


def test_the_older_verb_is_the_same_command() -> None:
    from ailtire_deploy.cli.commands.app import command as older
    from ailtire_deploy.cli.commands.apply import command as apply

    assert isinstance(older, click.Group)
    assert older.commands["deploy"] is apply


def test_the_help_of_the_program_needs_no_library_at_all() -> None:
    code = "import sys\nfrom ailtire_deploy.cli import main\nprint(*sys.modules)\nmain(['--help'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"click", "inspect", "dataclasses"} & set(done.stdout.partition("Usage:")[0].split())


def test_help_is_the_same_however_it_is_asked_for(tmp_path: Path) -> None:
    shown = run(tmp_path, "--help").out
    assert run(tmp_path, "-h").out == run(tmp_path, "-h", "apply").out == shown
    assert shown in run(tmp_path).err + "\n"


def test_help_imports_nothing_heavy() -> None:
    heavy = {"docker", "requests", "jinja2", "jsonschema", "yaml", "rich", "bottle", "waitress"}
    for arguments in (["--help"], ["apply", "--help"], ["status", "--help"]):
        loaded = modules_after(*arguments)
        assert not loaded & heavy, arguments
        assert "ailtire_deploy.state" not in loaded


def test_checking_files_imports_no_engine_and_no_drawing() -> None:
    file = str(Path(__file__).parent.parent.parent / "templates" / "starter.yml")
    loaded = modules_after("validate", file)
    assert not loaded & {"docker", "requests", "rich", "bottle", "waitress"}


def test_wrong_usage_is_64_and_says_where_help_is(tmp_path: Path) -> None:
    for arguments in (["nonsense"], ["apply"], ["plan", "a", "--nix"], ["status", "Not A Path"], ["-e"]):
        shown = run(tmp_path, *arguments)
        assert (shown.code, shown.out) == (64, ""), arguments
        assert "--help" in shown.err


def test_a_command_that_is_misspelt_is_64_and_the_nearest_is_named(tmp_path: Path) -> None:
    shown = run(tmp_path, "aply")
    assert shown.code == 64 and "No such command 'aply'; did you mean apply?" in shown.err
    assert "did you mean" not in run(tmp_path, "qqqq").err


def test_no_command_at_all_is_64_and_shows_the_help(tmp_path: Path) -> None:
    shown = run(tmp_path)
    assert (shown.code, shown.out) == (64, "")
    assert "Usage:" in shown.err


def test_wrong_usage_in_json_is_one_document(tmp_path: Path) -> None:
    shown = run(tmp_path, "plan", "--nix", "--output", "json")
    assert shown.code == 64
    assert shown.json["verdict"] == "usage"
    assert "--nix" in shown.json["problems"][0]["message"]
    assert shown.err == ""


def test_a_good_file_is_valid(tmp_path: Path) -> None:
    file = stack(tmp_path)
    assert run(tmp_path, "validate", file.name).out == "stack.yml: valid: shop\n"
    document = run(tmp_path, "validate", file.name, "--output", "json").json
    assert document == {"verdict": "valid", "files": {"stack.yml": ["shop"]}, "notes": []}


def test_a_secret_whose_value_is_not_at_hand_is_told_and_no_problem(tmp_path: Path) -> None:
    text = GOOD + "secrets: {door: {from: {file: ./nowhere}}, api: {from: {env: NOT_SET}}}\n"
    stack(tmp_path, text)
    shown = run(tmp_path, "validate", "stack.yml")
    assert (shown.code, shown.out) == (0, "stack.yml: valid: shop\n")
    assert "secrets.door.from: the file ./nowhere does not exist; apply needs it" in shown.err
    assert "secrets.api.from: the variable NOT_SET is not set; apply needs it" in shown.err
    quiet = run(tmp_path, "validate", "stack.yml", "--output", "json")
    assert (quiet.err, len(quiet.json["notes"])) == ("", 2)
    assert run(tmp_path, "validate", "stack.yml", NOT_SET="x").err.count("note: ") == 1
    assert run(tmp_path, "validate", "stack.yml", "--progress", "quiet").err == ""
    empty = run(tmp_path, "validate", "stack.yml", NOT_SET="")
    assert (empty.code, "the variable NOT_SET is empty" in empty.err) == (3, True)


def test_a_bad_file_is_3_with_place_path_and_hint(tmp_path: Path) -> None:
    stack(tmp_path, BAD)
    shown = run(tmp_path, "validate", "stack.yml")
    assert (shown.code, shown.out) == (3, "")
    assert "stack.yml:8:5: services.web" in shown.err
    assert "imagine" in shown.err


def test_the_problems_of_several_files_come_together(tmp_path: Path) -> None:
    stack(tmp_path, BAD, "one.yml")
    stack(tmp_path, BAD.replace("shop", "shed"), "two.yml")
    shown = run(tmp_path, "validate", "one.yml", "two.yml", "--output", "json")
    assert (shown.code, shown.err) == (3, "")
    assert shown.json["verdict"] == "invalid"
    assert {each["file"] for each in shown.json["problems"]} == {"one.yml", "two.yml"}
    assert all(each["line"] > 0 and each["message"] for each in shown.json["problems"])


def test_a_file_that_is_not_there_is_3(tmp_path: Path) -> None:
    shown = run(tmp_path, "validate", "missing.yml")
    assert shown.code == 3
    assert "missing.yml" in shown.err


def test_problems_are_coloured_on_demand_only(tmp_path: Path) -> None:
    stack(tmp_path, BAD)
    assert "\x1b[" not in run(tmp_path, "validate", "stack.yml").err
    assert "\x1b[" in run(tmp_path, "validate", "stack.yml", "--color", "always").err
    quiet = {"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TERM": "xterm-256color"}
    assert "\x1b[" not in run(tmp_path, "validate", "stack.yml", **quiet).err
    loud = {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TERM": "xterm-256color"}
    assert "\x1b[" not in run(tmp_path, "validate", "stack.yml", **loud).err, "off a terminal"


def test_control_characters_in_a_file_are_shown_and_not_sent(tmp_path: Path) -> None:
    stack(tmp_path, GOOD.replace("replicas: 3", '"\\e[31mred\\e[0m": 3'))
    shown = run(tmp_path, "validate", "stack.yml")
    assert shown.code == 3
    assert "\x1b" not in shown.err
    assert "red" in shown.err


def test_an_engine_that_does_not_answer_is_8_in_one_line(tmp_path: Path) -> None:
    file = str(stack(tmp_path))
    for arguments in (
        ["plan", file],
        ["apply", file],
        ["status", "shop"],
        ["logs", "shop"],
        ["history", "shop"],
    ):
        shown = run(tmp_path, *arguments)
        assert (shown.code, shown.out) == (8, ""), arguments
        assert len(shown.err.splitlines()) == 1
        assert "/nonexistent/engine.sock" in shown.err


def test_errors_in_json_are_one_document_alone(tmp_path: Path) -> None:
    shown = run(tmp_path, "status", "shop", "--output=json")
    assert (shown.code, shown.err) == (8, "")
    assert shown.json["verdict"] == "unreachable"
    assert list(shown.json["problems"][0]) == ["file", "line", "column", "path", "message", "hint"]


def test_an_unknown_docker_context_is_an_error_and_never_the_local_engine(tmp_path: Path) -> None:
    shown = run(tmp_path, "status", "shop", "--engine", "nowhere")
    assert shown.code == 3
    assert "nowhere" in shown.err


def test_shutdown_wants_a_yes_where_nobody_can_be_asked(tmp_path: Path) -> None:
    shown = run(tmp_path, "shutdown", "shop")
    assert shown.code == 64
    assert "--yes" in shown.err
    assert run(tmp_path, "shutdown", "shop", "--yes").code == 8


def test_a_child_is_not_shut_down_by_itself(tmp_path: Path) -> None:
    shown = run(tmp_path, "shutdown", "shop/orders", "--yes")
    assert shown.code == 64
    assert "not a root" in shown.err


@pytest.mark.parametrize("extra", ["nix", "=1", "replicas"])
def test_a_malformed_extra_is_wrong_usage(tmp_path: Path, extra: str) -> None:
    assert run(tmp_path, "validate", str(stack(tmp_path)), "-e", extra).code == 64


def test_values_come_from_contexts_files_and_the_command_line(tmp_path: Path) -> None:
    stack(tmp_path)
    (tmp_path / "more.yml").write_text("replicas: 5\n")

    def replicas(*options: str) -> object:
        return run(tmp_path, "vars", "stack.yml", "--output", "json", *options).json["shop"]["replicas"]

    assert replicas() == 2
    assert replicas("--context", "prod") == 3
    assert replicas("--context", "prod", "-e", "@more.yml") == 5
    assert replicas("-e", "@more.yml", "-e", "replicas=6", "-e", "replicas=7") == 7


def test_vars_shows_where_each_value_comes_from(tmp_path: Path) -> None:
    stack(tmp_path)
    shown = run(tmp_path, "vars", "stack.yml", "--show-origin", "--context", "prod")
    assert shown.out.splitlines()[1].split() == ["shop", "replicas", "3", "context", "prod", "stack.yml:5"]
    assert "origin" not in run(tmp_path, "vars", "stack.yml").out


def test_a_parameter_that_nobody_declares_is_3(tmp_path: Path) -> None:
    shown = run(tmp_path, "plan", str(stack(tmp_path)), "-e", "colour=red")
    assert shown.code == 3
    assert "colour" in shown.err


def test_a_secret_without_its_source_is_found_before_anything_is_contacted(tmp_path: Path) -> None:
    with_secret = GOOD.replace("deploy:", "secrets: [password]\n    deploy:")
    stack(tmp_path, f"{with_secret}secrets:\n  password: {{from: {{env: NO_SUCH_VARIABLE}}}}\n")
    shown = run(tmp_path, "plan", "stack.yml")
    assert shown.code == 3
    assert "NO_SUCH_VARIABLE" in shown.err


def test_a_bundle_is_a_target_like_the_definition_it_was_made_of(tmp_path: Path) -> None:
    stack(tmp_path)
    bundle = run(tmp_path, "bundle", "stack.yml", "--context", "prod")
    assert bundle.json["name"] == "shop"
    stack(tmp_path, bundle.out, "shop.json")
    assert run(tmp_path, "validate", "shop.json").out == "shop.json: valid: shop\n"


def test_the_schemas_are_printed_as_json(tmp_path: Path) -> None:
    for name in ("stack", "playbook"):
        assert "$schema" in run(tmp_path, "schema", name).json
    assert run(tmp_path, "schema", "nix").code == 64


def test_init_writes_a_valid_file_and_never_over_another(tmp_path: Path) -> None:
    assert run(tmp_path, "init").code == 0
    assert run(tmp_path, "validate", "stack.yml").out == "stack.yml: valid: hello\n"
    before = (tmp_path / "stack.yml").read_text()
    assert run(tmp_path, "init").code == 64
    assert (tmp_path / "stack.yml").read_text() == before
    assert run(tmp_path, "init", "no/such/folder.yml").code == 64


def test_the_starter_is_valid_with_every_comment_taken_off(tmp_path: Path) -> None:
    run(tmp_path, "init")
    text = (tmp_path / "stack.yml").read_text()
    lines = [line.replace("# ", "", 1) if is_commented_out(line) else line for line in text.splitlines()]
    (tmp_path / "stack.yml").write_text("\n".join(lines))
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "stack.yml").write_text(text.replace("hello", "orders").partition("gateway:")[0])
    shown = run(tmp_path, "validate", "stack.yml")
    assert shown.out == "stack.yml: valid: hello, hello/orders\n", shown.err


def is_commented_out(line: str) -> bool:
    """Whether a comment is YAML that waits to be used."""
    words = line.strip().removeprefix("#").split()
    return line.strip().startswith("#") and bool(words) and (words[0].endswith(":") and words[0] != "file:")


def test_doctor_says_what_is_missing_and_ends_with_8(tmp_path: Path) -> None:
    shown = run(tmp_path, "doctor")
    assert shown.code == 8
    assert "failed: engine: " in shown.out
    assert "key file" in shown.out
    document = run(tmp_path, "doctor", "--output", "json").json
    assert document["verdict"] == "unreachable"
    assert {"outcome", "subject", "message"} == set(document["checks"][0])


def test_doctor_warns_of_a_key_file_that_others_can_read(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text("{}")
    keys.chmod(0o644)
    assert "warning: key file" in run(tmp_path, "doctor", AILTIRE_KEY_FILE=str(keys)).out
    keys.chmod(0o600)
    assert "ok: key file" in run(tmp_path, "doctor", AILTIRE_KEY_FILE=str(keys)).out


def test_a_controller_started_by_hand_says_that_it_is_not(tmp_path: Path) -> None:
    shown = run(tmp_path, "serve")
    assert shown.code == 64
    assert "AILTIRE_STACKNAME" in shown.err
    shown = run(tmp_path, "serve", AILTIRE_STACKNAME="shop")
    assert shown.code == 64
    assert "started by apply" in shown.err


def test_a_gateway_without_its_configuration_says_so(tmp_path: Path) -> None:
    shown = run(tmp_path, "gateway", str(tmp_path / "none"))
    assert shown.code == 4
    assert "none: No such file" in shown.err


def test_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    command = f"{sys.executable} -m ailtire_deploy schema | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], env=environment(tmp_path), capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 141


def shell(home: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which ``$P`` is the program; a traceback is never all right."""
    done = subprocess.run(
        ["bash", "-c", command],
        env=environment(home, P=f"{sys.executable} -m ailtire_deploy", **variables),
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    assert "mistake" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(tmp_path: Path, closed: str) -> None:
    (tmp_path / "good.yml").write_text(GOOD)
    assert shell(tmp_path, f"$P validate good.yml {closed}").returncode == 0
    assert shell(tmp_path, f"$P validate none.yml {closed}").returncode == 3
    assert shell(tmp_path, f"$P --help {closed}").returncode == 0


@pytest.mark.parametrize("command", ["--help", "schema", "validate good.yml --output json"])
def test_a_result_without_room_is_an_error_that_says_so(tmp_path: Path, command: str) -> None:
    (tmp_path / "good.yml").write_text(GOOD)
    done = shell(tmp_path, f"$P {command} >/dev/full")
    assert (done.returncode, done.stderr.count("\n")) == (4, 1)
    assert "the output cannot be written: No space left on device" in done.stderr


def test_a_folder_that_was_removed_is_no_place_to_start_from(tmp_path: Path) -> None:
    done = shell(tmp_path, "mkdir gone && cd gone && rmdir ../gone && $P validate x.yml")
    assert (done.returncode, "folder is not there any more" in done.stderr) == (64, True)


def test_the_shell_completes_commands_and_options(tmp_path: Path) -> None:
    def completed(words: str, at: int) -> str:
        asked = {"_AILTIRE_DEPLOY_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(at)}
        return run(tmp_path, **asked).out

    assert "plain,status" in completed("ailtire-deploy sta", 1)
    assert "plain,--output" in completed("ailtire-deploy status --out", 2)
    assert "complete -o nosort" in run(tmp_path, _AILTIRE_DEPLOY_COMPLETE="bash_source").out


def test_an_interruption_is_130_without_a_traceback(tmp_path: Path) -> None:
    code = (
        "import os, signal, time\nfrom ailtire_deploy.cli import main\n"
        "from ailtire_deploy.cli import targets\n"
        "how = getattr(signal, os.environ['HOW'])\n"
        "targets.load = lambda *_: (os.kill(os.getpid(), how), time.sleep(30))\n"
        "main(['validate', 'x.yml'])"
    )
    for how in ("SIGINT", "SIGTERM"):
        variables = environment(tmp_path, HOW=how)
        done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True)
        assert (done.returncode, "interrupted" in done.stderr, "Traceback" in done.stderr) == (
            130,
            True,
            False,
        )


def test_a_mistake_of_our_own_is_one_sentence_and_1(tmp_path: Path) -> None:
    code = (
        "from ailtire_deploy.cli import main, targets\n"
        "def load(*_): raise RuntimeError('a \\x1b[31mwrong\\nturn')\n"
        "targets.load = load\nimport sys\nmain(sys.argv[1:])"
    )

    def fail(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, "validate", "x.yml", *options]
        return subprocess.run(command, env=environment(tmp_path, **variables), capture_output=True, text=True)

    plain = fail()
    assert plain.returncode == 1
    assert len(plain.stderr.splitlines()) == 1
    assert "AILTIRE_DEBUG=1" in plain.stderr
    assert "\x1b" not in plain.stderr
    assert "Traceback" in fail(AILTIRE_DEBUG="1").stderr
    assert "Traceback" in fail("-v").stderr
    document = json.loads(fail("--output", "json").stdout)
    assert document["verdict"] == "internal error"


def test_a_terminal_without_the_characters_ends_nothing(tmp_path: Path) -> None:
    stack(tmp_path, BAD.replace("shop", "shöp"))
    variables = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    assert run(tmp_path, "validate", "stack.yml", **variables).code == 3


def test_the_version_is_told(tmp_path: Path) -> None:
    from ailtire_deploy import __version__

    assert run(tmp_path, "--version").out == f"ailtire-deploy {__version__}\n"


def test_the_installed_command_is_the_module(tmp_path: Path) -> None:
    script = Path(sys.executable).parent / "ailtire-deploy"
    done = subprocess.run([script, "--version"], env=dict(os.environ), capture_output=True, text=True)
    assert done.stdout == run(tmp_path, "--version").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["apply", "FILE", "--overlap", "1h"], "--overlap goes with --rotate-key"),
        (["apply", "FILE", "--rotate-key", "--overlap", "31d"], "at most 30d"),
        (["apply", "FILE", "--rotate-key", "--url", "https://x", "--token", "t"], "needs an engine"),
        (["apply", "--plan", "x.plan", "--rotate-key"], "goes with no saved plan"),
        (["plan", "FILE", "--rotate-key", "--save", "x.plan"], "goes with no saved plan"),
    ],
)
def test_a_rotation_has_to_make_sense(tmp_path: Path, arguments: list[str], said: str) -> None:
    file = stack(tmp_path, GOOD)
    found = run(tmp_path, *[str(file) if each == "FILE" else each for each in arguments])
    assert (found.code, said in found.err) == (64, True), found
