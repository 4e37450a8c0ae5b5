"""The part of a new store's file that says on which platforms it runs, written from what their kinds say of themselves."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import tomlkit
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from autopilot.platforms.kinds import Kind, Role, UnknownKind, find_kind
from autopilot.settings_problems import FieldProblem
from autopilot.settings_schema import expectation, node_at
from autopilot.settings_sources import ENV_PREFIX

COMMENT_AT = 29
"""Column of comments in the template."""

SIMULATED_TABLE = """[platform]
kind = "simulated"
market = {market}           # a name in configs/markets, or the path of a market file (autopilot calibrate writes one)
seed = 1
time_scale = 3600.0          # autopilot run: seconds of market per second of wall clock
"""

FILE_LINES = """# [secrets]
# file = "secrets.toml"
"""

Ask = Callable[[str, Any, Any], Any]
"""Asks a person for (text, default, kind of value); gives the default where nobody is to be asked."""


def simulated_table(market: str) -> str:
    """The table of a simulated platform."""
    return SIMULATED_TABLE.format(market=_toml(market))


def kind_named(name: str, role: Role) -> Kind:
    """The kind of platform that an option of the command names. Raises: click.BadParameter."""
    try:
        return find_kind(name, role)
    except UnknownKind as error:
        raise click.BadParameter(str(error)) from None


def real_table(table: str, name: str, kind: Kind, ask: Ask) -> str:
    """The table of a real platform, with every option that its kind knows: asked for where it is needed, commented out where it is not."""
    lines = [f"[{table}]", f'kind = "{name}"', "", f"[{table}.options]"]
    for key, option in kind.options.model_fields.items():
        said = _first_line(option)
        if option.is_required():
            value = ask(f"{said.rstrip('.')} ({key})", _example(kind, key), _one_that_fits(kind, key))
            lines.append(_with_comment(f"{key} = {_toml(value)}", said))
        else:
            usual = option.get_default(call_default_factory=True)
            lines.append(_with_comment(f"# {key} = {_toml(_example(kind, key) if usual is None else usual)}", said))
    return "\n".join(lines) + "\n"


def secrets_words(kinds: dict[str, Kind]) -> str:
    """How to hand over what platforms must not be told in the store's file; ``kinds`` by the name of their table."""
    variables = [
        f"{ENV_PREFIX}SECRETS__{table.upper()}__{key.upper()}" for table, kind in kinds.items() for key in kind.secrets.model_fields
    ]
    if not variables:
        return "# Secrets never belong here: use environment variables, or a file of mode 600:\n" + FILE_LINES
    tables = "".join(_file_table(table, kind) for table, kind in kinds.items())
    names = "".join(f"#   {variable}\n" for variable in variables)
    return (
        f"# Secrets never belong here. Set these environment variables:\n{names}"
        f"# or write a file of mode 600 and name it:\n{FILE_LINES}# with these lines in it:\n{tables}"
    )


def _file_table(table: str, kind: Kind) -> str:
    return f"#   [{table}]\n" + "".join(f'#   {key} = "…"\n' for key in kind.secrets.model_fields)


def _first_line(option: FieldInfo) -> str:
    return (option.description or "").split("\n")[0].strip()


def _example(kind: Kind, key: str) -> Any:
    schema = kind.options.model_json_schema()
    node = schema["properties"][key]
    examples = node.get("examples") or (node_at([key], schema) or {}).get("enum") or ["…"]
    return examples[0]


def _one_that_fits(kind: Kind, key: str) -> Callable[[str], Any]:
    """Takes what was typed as TOML where it is, as text where it is not, and refuses what the kind refuses."""

    def convert(typed: Any) -> Any:
        try:
            value = tomllib.loads(f"value = {typed}")["value"]
        except tomllib.TOMLDecodeError:
            value = typed
        for problem in _problems(kind, key, value):
            raise click.BadParameter(problem)
        return value

    return convert


def _problems(kind: Kind, key: str, value: Any) -> Iterator[str]:
    try:
        kind.options.model_validate({key: value})
    except ValidationError as error:
        for item in error.errors(include_url=False):
            if item["loc"][:1] == (key,):
                cause = item.get("ctx", {}).get("error")
                expected = expectation(node_at([key], kind.options.model_json_schema()) or {})
                yield str(cause) if isinstance(cause, FieldProblem) else f"expected {expected}, was {value!r}"


def _with_comment(line: str, words: str) -> str:
    return f"{line:<{COMMENT_AT - 2}}  # {words}" if words else line


def _toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        table = tomlkit.inline_table()
        table.update(value)
        return table.as_string()
    plain = sorted(value) if isinstance(value, frozenset | set) else str(value) if isinstance(value, Path) else value
    return tomlkit.item(plain).as_string()
