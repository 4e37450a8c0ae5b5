"""Reads a TOML file into a pydantic model; whatever is wrong with it is said field by field."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from autopilot.config_files import display
from autopilot.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

_SHOWN = 80
"""Characters of a value that a message shows."""


def read_model(path: Path, model: type[Model]) -> tuple[Model, str]:
    """The model of a file, and the file's text.

    Raises:
        ConfigError: The file is missing, not TOML, or fields are wrong; there is a problem for each.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return model.model_validate(tomllib.loads(text)), text
    except OSError as error:
        raise ConfigError(f"{display(path)}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{display(path)}: is not TOML: {error}") from None
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}, was {item['input']!r:.{_SHOWN}}" for item in error.errors()]
        raise ConfigError(*(f"{display(path)}: {line}" for line in lines)) from None
