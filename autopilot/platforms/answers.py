"""Answers of platforms, checked on the way in, so that nothing unreadable goes further."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from perception.ports import BadAnswer


class Answer(BaseModel):
    """Part of an answer; what is not asked for may come along."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=False)


A = TypeVar("A", bound=BaseModel)


def parsed(model: type[A], value: Any, what: str) -> A:
    """The value as this model. Raises: BadAnswer, naming the field and what is wrong with it, without what it was."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "answer"
        raise BadAnswer(f"{what}: {where}: {first['msg']}") from None


def all_parsed(model: type[A], values: Any, what: str) -> list[A]:
    """A list of them. Raises: BadAnswer."""
    if not isinstance(values, list):
        raise BadAnswer(f"{what}: expected a list, was {type(values).__name__}")
    return [parsed(model, value, what) for value in values]
