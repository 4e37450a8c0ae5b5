"""What a command says and to whom: results on standard output, everything else on standard error.

With ``--json`` standard output is exactly one JSON object. Without it the result is drawn for people with rich, imported when needed.

    @click.command()
    @click.argument("store")
    @with_output
    def command(out: Output, store: str) -> None:
        ...
        out.result({"store": store}, human=lambda console: console.print(table))
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Concatenate, NoReturn

import click

from autopilot.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

LEVELS = ("debug", "info", "warning", "error")


@dataclass(slots=True, kw_only=True)
class Output:
    """Where one command's words go.

    Attributes:
        as_json: Whether the result is to be one JSON object.
    """

    as_json: bool
    _given: bool = field(default=False, init=False)

    def result(self, payload: dict[str, Any], *, human: Callable[[Console], None]) -> None:
        """Gives the result, once.

        Args:
            payload: The JSON object; may hold numpy values, datetimes and dataclasses. NaN becomes null.
            human: Draws the same for people.

        Raises:
            RuntimeError: A result was given before: standard output would hold two objects.
        """
        if self._given:
            raise RuntimeError("expected one result per command, was given a second")
        self._given = True
        if self.as_json:
            click.echo(_encoded(payload))
        else:
            human(console())

    def note(self, message: str) -> None:
        """Says something by the way, on standard error."""
        click.echo(message, err=True)

    @contextmanager
    def progress(self, description: str, *, total: float) -> Iterator[Callable[[float], None]]:
        """Shows a bar on a terminal and nothing in a pipe; yields a function that takes how much is done so far."""
        if not sys.stderr.isatty():
            yield lambda _done: None
            return
        from rich.progress import Progress

        with Progress(console=console(stderr=True), transient=True) as bar:
            task = bar.add_task(description, total=total)
            yield lambda done: bar.update(task, completed=done)


def with_output(function: Callable[Concatenate[Output, ...], None]) -> Callable[..., None]:
    """Adds ``--json`` and ``--log-level`` to a command, sets up the log, and passes an ``Output`` as first argument."""

    @click.option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
    @click.option(
        "--log-level", type=click.Choice(LEVELS), default="warning", show_default=True, help="Least important log events to show."
    )
    @functools.wraps(function)
    def command(*args: Any, as_json: bool, log_level: str, **kwargs: Any) -> None:
        from autopilot.logs import configure

        configure(level=log_level)
        function(Output(as_json=as_json), *args, **kwargs)

    return command


def answer_no() -> NoReturn:
    """Ends the command: the work is done, and the answer is no."""
    raise click.exceptions.Exit(ExitCode.NO)


def console(*, stderr: bool = False) -> Console:
    """A rich console on standard output or error; in a pipe it is plain text, 140 columns wide."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else 140, highlight=False)


def _encoded(payload: dict[str, Any]) -> str:
    import orjson

    return orjson.dumps(payload, default=str, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS).decode()
