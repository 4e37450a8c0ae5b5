"""The command line itself: listing, exit codes, one JSON object, and the edges' own commands."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest
import structlog

from autopilot import logs
from autopilot.cli.commands import COMMANDS, Entry
from autopilot.cli.output import Output, answer_no, with_output
from autopilot.cli.shell import run
from autopilot.errors import ConfigError
from perception.ports import SourceUnavailable
from sim.parameters.market import MarketFileError

pytestmark = pytest.mark.usefixtures("played_past")

HERE = Path(__file__).parent
HELP_CPU_LIMIT_S = 0.25
DEAR = {"numpy", "pydantic", "pydantic_settings", "rich", "structlog", "matplotlib", "scipy", "duckdb", "sqlalchemy", "jinja2"}


def _raising(error: BaseException) -> click.Command:
    @click.command(name="raising")
    @with_output
    def command(_out: Output) -> None:
        raise error

    return command


@click.command(name="twice")
@with_output
def twice(out: Output) -> None:
    """Gives two results."""
    out.result({"n": 1}, human=lambda console: console.print("one"))
    out.result({"n": 2}, human=lambda console: console.print("two"))


@click.command(name="talkative")
@with_output
def talkative(out: Output) -> None:
    """Speaks on both streams, then says no."""
    out.note("by the way")
    structlog.get_logger().warning("thing_happened", count=3)
    with out.progress("working", total=1.0) as done:
        done(1.0)
    out.result({"value": float("nan"), "path": Path("x")}, human=lambda console: console.print("for people"))
    answer_no()


def _run(monkeypatch: pytest.MonkeyPatch, command: click.Command, *arguments: str) -> int:
    """Runs a command of this test as if it stood in the table."""
    monkeypatch.setattr("autopilot.cli.exit_codes.under_test", command, raising=False)
    return run(["it", *arguments], table={"it": Entry("autopilot.cli.exit_codes:under_test", "Under test.")})


def test_help_lists_every_command_whose_module_exists(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["--help"])

    listed = capsys.readouterr().out
    assert code == 0
    for name in ("init", "check", "show-config", "doctor"):
        assert f"  {name} " in listed
        assert COMMANDS[name].summary in listed


def test_help_does_not_list_a_command_without_a_module(capsys: pytest.CaptureFixture[str]) -> None:
    table = {
        "here": Entry("autopilot.cli.doctor:command", "Is here."),
        "later": Entry("autopilot.cli.no_such_module:command", "Comes later."),
    }

    run(["--help"], table=table)
    listed = capsys.readouterr().out
    code = run(["later"], table=table)

    assert "here" in listed
    assert "later" not in listed
    assert code == 2


@pytest.mark.parametrize("name", [name for name, entry in COMMANDS.items() if find_spec(entry.target.partition(":")[0])])
def test_every_entry_leads_to_a_command_of_its_name(name: str) -> None:
    module, _, attribute = COMMANDS[name].target.partition(":")

    command = getattr(import_module(module), attribute)

    assert isinstance(command, click.Command)
    assert command.name == name
    leaves = command.commands.values() if isinstance(command, click.Group) else [command]
    assert leaves
    for leaf in leaves:
        assert {"as_json", "log_level"} <= {parameter.name for parameter in leaf.params}


def test_help_is_cheap_and_imports_nothing_dear() -> None:
    script = (
        "import resource, sys\n"
        "from autopilot.cli.shell import run\n"
        "code = run(['--help'])\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(code, used.ru_utime + used.ru_stime, *sys.modules, file=sys.stderr)\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    code, cpu_s, *modules = done.stderr.split()

    assert code == "0"
    assert float(cpu_s) <= HELP_CPU_LIMIT_S
    assert not DEAR & set(modules)


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ConfigError("a.toml: x: expected 1, was 2"), 2, "a.toml: x: expected 1, was 2"),
        (MarketFileError("m.toml: is not TOML"), 2, "m.toml: is not TOML"),
        (SourceUnavailable("no answer"), 3, "no answer"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.UsageError("no such thing"), 2, "no such thing"),
        (ZeroDivisionError("oh"), 70, "this is a bug of autopilot, please report it with the lines above: ZeroDivisionError: oh"),
    ],
)
def test_an_error_becomes_one_message_and_one_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, message: str
) -> None:
    for_people = _run(monkeypatch, _raising(error))
    said = capsys.readouterr()
    for_programs = _run(monkeypatch, _raising(error), "--json")
    answered = capsys.readouterr()

    assert for_people == for_programs == code
    assert said.out == ""
    assert said.err.splitlines()[-1].startswith(f"autopilot: {message}")
    told = json.loads(answered.out)["error"]
    assert told["exit_code"] == code
    assert told["message"].startswith(message)


@pytest.mark.parametrize("arguments", [["no-such-command"], ["check"], ["check", "--no-such-option"], ["doctor", "surplus"], []])
def test_usage_errors_end_with_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    code = run([*arguments, "--json"] if arguments else [])

    said = capsys.readouterr()
    assert code == 2
    if arguments:
        assert set(json.loads(said.out)) == {"error"}
    else:
        assert "Commands:" in said.err


def test_only_a_bug_shows_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _run(monkeypatch, _raising(ConfigError("x")))
    quiet = capsys.readouterr().err
    _run(monkeypatch, _raising(ZeroDivisionError()))
    loud = capsys.readouterr().err

    assert "Traceback" not in quiet
    assert "Traceback" in loud


def test_a_second_result_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code = _run(monkeypatch, twice)

    assert code == 70
    assert "expected one result per command" in capsys.readouterr().err


def test_json_is_alone_on_standard_output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code = _run(monkeypatch, talkative, "--json")

    said = capsys.readouterr()
    note, event = said.err.splitlines()
    assert code == 1
    assert json.loads(said.out) == {"value": None, "path": "x"}
    assert note == "by the way"
    assert json.loads(event).items() >= {"event": "thing_happened", "count": 3, "level": "warning"}.items()


def test_people_get_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code = _run(monkeypatch, talkative, "--log-level", "error")

    said = capsys.readouterr()
    assert (code, said.out, said.err) == (1, "for people\n", "by the way\n")


def test_secrets_are_masked_in_the_log() -> None:
    stream = io.StringIO()
    logs.configure(level="info", stream=stream)

    structlog.get_logger().info(
        "request_sent",
        platform_token="abc1",
        headers={"Authorization": "Bearer abc2", "accept": "json"},
        url="https://me:abc3@shop.example/v1?api_key=abc4&page=2",
        detail=["sent Bearer abc5 twice"],
        tokens_used=12,
    )

    line = stream.getvalue()
    assert not any(f"abc{number}" in line for number in range(1, 6))
    assert json.loads(line)["headers"] == {"Authorization": "***", "accept": "json"}
    assert "page=2" in line


def test_less_important_events_are_dropped() -> None:
    stream = io.StringIO()
    logs.configure(level="warning", stream=stream)

    structlog.get_logger().info("tick_done")

    assert stream.getvalue() == ""


def _check(capsys: pytest.CaptureFixture[str], *, store: str = "gift-shop") -> tuple[int, dict[str, Any]]:
    code = run(["check", store, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_check_says_no_where_store_and_platform_disagree(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AUTOPILOT__STORE__CURRENCY", "EUR")
    monkeypatch.setenv("AUTOPILOT__BUDGET__CURRENCY", "EUR")
    monkeypatch.setenv("AUTOPILOT__STORE__TIMEZONE", "Asia/Tokyo")
    monkeypatch.setenv("AUTOPILOT__PRODUCTS__NO-SUCH-SKU__LOCKED", "true")

    code, result = _check(capsys)

    levels = {item["name"]: item["level"] for item in result["findings"]}
    assert (code, result["ok"]) == (1, False)
    assert levels == {
        "config": "ok",
        "platform": "ok",
        "set-points": "ok",
        "currency": "problem",
        "timezone": "warning",
        "products": "problem",
        "state": "ok",
    }


def test_check_refuses_an_unknown_market(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AUTOPILOT__PLATFORM__MARKET", "moon")

    code, result = _check(capsys)

    assert code == 2
    assert result["error"]["message"].startswith("env AUTOPILOT__PLATFORM__MARKET: platform.market: moon: ")


def test_show_config_masks_secrets_and_names_origins(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AUTOPILOT__SECRETS__PLATFORM__TOKEN", "very-secret")

    run(["show-config", "gift-shop", "--json"])
    for_programs = capsys.readouterr()
    run(["show-config", "gift-shop"])
    for_people = capsys.readouterr()

    token = json.loads(for_programs.out)["values"]["secrets.platform.token"]
    assert token == {"value": "**********", "origin": "env AUTOPILOT__SECRETS__PLATFORM__TOKEN"}
    assert "very-secret" not in for_programs.out + for_programs.err + for_people.out + for_people.err
    assert "budget.ad_spend_cents" in for_people.out


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    with Output(as_json=True).progress("driving", total=2.0) as done:
        done(1.0)

    assert "driving" in terminal.getvalue()


@pytest.mark.parametrize("arguments", [["doctor"], ["check", "gift-shop"]])
def test_findings_are_drawn_for_people(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    code = run(arguments)

    said = capsys.readouterr()
    assert code == 0
    assert "can be written" in said.out
    assert "problem" not in said.out


def test_doctor_says_no_where_something_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "state").write_text("in the way")

    code = run(["doctor", "--json"])

    result = json.loads(capsys.readouterr().out)
    assert (code, result["ok"]) == (1, False)
    assert [item["name"] for item in result["findings"] if item["level"] == "problem"] == ["state"]


def test_python_dash_m_is_the_same_program() -> None:
    done = subprocess.run([sys.executable, "-m", "autopilot", "check"], capture_output=True, text=True, check=False, cwd=HERE.parents[2])

    assert done.returncode == 2
    assert "Missing argument 'STORE'" in done.stderr
