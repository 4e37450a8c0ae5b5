"""GraphQL says no with status 200: each error has the name of its reaction all the same."""

from __future__ import annotations

from typing import Any

import pytest

from autopilot.platforms.graphql import data_of
from autopilot.platforms.http import Answer, Refused
from perception.ports import BadAnswer, NeedsReauthorisation, PlatformError, RateLimited, SourceUnavailable


def answer(body: Any) -> Answer:
    return Answer(body=body, headers={})


def test_data_is_what_was_asked_for() -> None:
    assert data_of(answer({"data": {"orders": []}}), "/api") == {"orders": []}


def error(code: Any, message: Any = "no") -> dict[str, Any]:
    return {"data": None, "errors": [{"message": message, "extensions": {"code": code}}]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (error("FORBIDDEN"), NeedsReauthorisation),
        (error("UNAUTHENTICATED"), NeedsReauthorisation),
        (error("THROTTLED"), RateLimited),
        (error("INTERNAL_SERVER_ERROR"), SourceUnavailable),
        (error("GRAPHQL_VALIDATION_FAILED"), Refused),
        (error(None), Refused),
        (error(["odd"]), Refused),
        ({"errors": ["only words"]}, Refused),
        ({"errors": "only words"}, Refused),
        ({"data": None}, BadAnswer),
        ({}, BadAnswer),
        ([], BadAnswer),
        ("text", BadAnswer),
        (None, BadAnswer),
    ],
)
def test_errors_are_named_by_reaction(body: Any, expected: type[PlatformError]) -> None:
    with pytest.raises(PlatformError) as caught:
        data_of(answer(body), "/api")

    assert type(caught.value) is expected
    assert str(caught.value).startswith("/api: ")


def test_the_sharpest_error_counts() -> None:
    both = {"errors": [{"message": "a"}, {"message": "b", "extensions": {"code": "FORBIDDEN"}}]}

    with pytest.raises(NeedsReauthorisation, match="a; b"):
        data_of(answer(both), "/api")
