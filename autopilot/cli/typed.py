"""The command line as it was typed, for results that say how they were made."""

from __future__ import annotations

import shlex

import click
from click.core import ParameterSource


def typed_command(context: click.Context) -> str:
    """The running command with the arguments and options that were given, flags aside: ``autopilot eval --suite full``."""
    words = [context.command_path]
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        value = context.params.get(parameter.name or "")
        if not given or value is None or isinstance(value, bool):
            continue
        words += [parameter.opts[0], str(value)] if isinstance(parameter, click.Option) else [str(value)]
    return words[0] + "".join(f" {shlex.quote(word)}" for word in words[1:])
