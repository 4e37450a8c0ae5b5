"""Requests to Shopify's Admin API: signed in, within the budget of points, and through long lists page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from autopilot.platforms import http
from autopilot.platforms.answers import Answer, parsed
from autopilot.platforms.graphql import data_of
from autopilot.platforms.shopify.budget import Budget
from autopilot.platforms.shopify.documents import VERSION
from autopilot.platforms.shopify.tokens import Tokens
from perception.ports import BadAnswer, NeedsReauthorisation, RateLimited

PATH = f"/admin/api/{VERSION}/graphql.json"

TOKEN_HEADER = "x-shopify-access-token"  # noqa: S105 - the name of a header

TOO_DEAR = "MAX_COST_EXCEEDED"
"""A query that costs more than any query may: waiting does not help, asking for less at once does."""

SCOPES = "the app needs the scopes read_products, write_products, read_inventory and read_orders, and must be installed in this shop"


class PageInfo(Answer):
    """Where a list goes on."""

    more: bool = Field(alias="hasNextPage")
    end: str | None = Field(default=None, alias="endCursor")


class Page(Answer):
    """Part of a list."""

    nodes: tuple[Any, ...]
    info: PageInfo = Field(alias="pageInfo")


class Session:
    """One app in one shop."""

    def __init__(self, courier: http.Courier, tokens: Tokens) -> None:
        """Asks nothing yet."""
        self._courier, self._tokens, self._budget = courier, tokens, Budget()
        self._sizes: dict[str, int] = {}

    def ask(self, document: str, variables: Mapping[str, Any], *, now: datetime, kept_back: float = 0.0) -> dict[str, Any]:
        """The data of one query or mutation.

        Args:
            document: One of ``documents``.
            variables: Of it.
            now: The instant of the tick.
            kept_back: Part of the bucket of points that is left for others.

        Raises:
            PlatformError: RateLimited, also without asking, where there are not enough points.
        """
        self._budget.check(document, now=now, kept_back=kept_back)
        headers = {TOKEN_HEADER: self._tokens.current(now=now)}
        try:
            answer = self._courier.ask("POST", PATH, now=now, body={"query": document, "variables": variables}, headers=headers)
            self._budget.note(document, answer.body, now=now)
            return self._data(document, answer, now)
        except NeedsReauthorisation as error:
            raise NeedsReauthorisation(f"{error}; {SCOPES}") from None

    def _data(self, document: str, answer: http.Answer, now: datetime) -> dict[str, Any]:
        if TOO_DEAR in _codes(answer.body):
            raise TooDear(f"{PATH}: {TOO_DEAR}")
        try:
            return data_of(answer, PATH)
        except RateLimited as error:
            wait_s = self._budget.wait_s(document, now=now)
            raise RateLimited(str(error), retry_after_s=error.retry_after_s if wait_s is None else wait_s) from None

    def pages(
        self,
        document: str,
        variables: Mapping[str, Any],
        *,
        of: tuple[str, ...],
        size: int,
        now: datetime,
        after: str | None = None,
        kept_back: float = 0.0,
    ) -> Iterator[Page]:
        """A list page by page, from behind a cursor to its end.

        Shopify goes by the value and the id of the last thing seen, so that what changes meanwhile hides nothing.

        Args:
            document: Takes ``first`` and ``after``.
            variables: Its other variables.
            of: Where the list is in the data.
            size: Things at once; fewer where that is too dear.
            now, kept_back: As in ``ask``.
            after: Where to begin.

        Raises:
            PlatformError.
        """
        while True:
            first = self._sizes.get(document, size)
            try:
                data = self.ask(document, {**variables, "first": first, "after": after}, now=now, kept_back=kept_back)
            except TooDear:
                if first == 1:
                    raise
                self._sizes[document] = first // 2
                continue
            page = parsed(Page, _inside(data, of), ".".join(of))
            yield page
            if not page.info.more:
                return
            if page.info.end is None or page.info.end == after:
                raise BadAnswer(f"{'.'.join(of)}: expected a cursor that moves on, was {page.info.end!r}")
            after = page.info.end

    def close(self) -> None:
        """Let go of the connections."""
        self._courier.close()


class TooDear(BadAnswer):
    """One query costs more than Shopify allows for any."""


def _codes(body: Any) -> set[str]:
    errors = body.get("errors") if isinstance(body, dict) else None
    found = [error.get("extensions") for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return {str(extensions.get("code")) for extensions in found if isinstance(extensions, dict)}


def _inside(data: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        if not isinstance(data, dict):
            raise BadAnswer(f"{'.'.join(path)}: expected an object around {key}, was {type(data).__name__}")
        data = data.get(key)
    return data
