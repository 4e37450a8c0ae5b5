"""Runs a command: finds it lazily, turns whatever it raises into one message and an exit code.

Nothing heavy is imported here: ``autopilot --help`` must stay cheap.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec

import click

from autopilot.cli.commands import COMMANDS, Entry
from autopilot.cli.exit_codes import ExitCode, exit_code_of


class LazyGroup(click.Group):
    """A click group whose commands stand in a table and are imported when called."""

    def __init__(self, *, table: Mapping[str, Entry]) -> None:
        """``table`` maps the name of each command to where it lives."""
        super().__init__(
            name="autopilot", help="Drives an online store: ad spend and prices, within a budget, explained.", no_args_is_help=True
        )
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names of the commands whose module exists, in the order of the table."""
        return [name for name, entry in self.table.items() if _exists(entry)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Imports the module of a command."""
        entry = self.table.get(cmd_name)
        if entry is None or not _exists(entry):
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.target}: expected a click command, was {type(command).__name__}")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands with their lines from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.table[name].summary) for name in self.list_commands(ctx)])
        with formatter.section("STORE"):
            formatter.write_text("is a path to a TOML file or the name of one in configs/stores or configs/scenarios.")


def run(arguments: Sequence[str], *, table: Mapping[str, Entry] = COMMANDS) -> int:
    """Runs the command line.

    Args:
        arguments: As given by the shell, without the program's name.
        table: The commands there are.

    Returns:
        The exit code; see ``ExitCode``.
    """
    group = LazyGroup(table=table)
    group = click.version_option(package_name="store-autopilot", prog_name="autopilot")(group)
    try:
        result = group.main(list(arguments), prog_name="autopilot", standalone_mode=False)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the top of the program: all errors become a message and a code
        return _report(error, as_json="--json" in arguments)
    return result if isinstance(result, int) else ExitCode.DONE


def _exists(entry: Entry) -> bool:
    return find_spec(entry.target.partition(":")[0]) is not None


def _report(error: BaseException, *, as_json: bool) -> ExitCode:
    code = exit_code_of(error)
    message = _message(error, code)
    if code is ExitCode.CRASHED:
        traceback.print_exception(error)
    if as_json:
        click.echo(json.dumps({"error": {"type": type(error).__name__, "message": message, "exit_code": int(code)}}))
    else:
        click.echo(f"autopilot: {message}", err=True)
    return code


def _message(error: BaseException, code: ExitCode) -> str:
    if code is ExitCode.INTERRUPTED:
        return "interrupted"
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{error.format_message()} Try: {error.ctx.command_path} --help"
    if isinstance(error, click.ClickException):
        return error.format_message()
    if code is ExitCode.CRASHED:
        return f"this is a bug of autopilot, please report it with the lines above: {type(error).__name__}: {error}"
    return str(error)
