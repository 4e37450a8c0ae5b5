"""Shopify counts points: each query costs some, and a leaky bucket gives so many back each second. It says how many in every answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field, FiniteFloat

from autopilot.platforms.answers import Answer, parsed
from perception.ports import RateLimited

LEAST_WAIT_S = 1.0


class Throttle(Answer):
    """How full the bucket is."""

    maximum: FiniteFloat = Field(alias="maximumAvailable", gt=0)
    available: FiniteFloat = Field(alias="currentlyAvailable")
    restored_per_s: FiniteFloat = Field(alias="restoreRate", gt=0)


class Cost(Answer):
    """What a query may cost at most, and the bucket after it."""

    requested: FiniteFloat = Field(alias="requestedQueryCost", ge=0)
    throttle: Throttle = Field(alias="throttleStatus")


@dataclass(frozen=True, slots=True)
class _Seen:
    throttle: Throttle
    at: datetime


class Budget:
    """The bucket as last seen, and what each document costs.

    Within one tick the time stands still here, so that only what Shopify itself says to be available is spent.
    """

    def __init__(self) -> None:
        """Knows nothing: the first query of each document is let through, and Shopify may refuse it."""
        self._seen: _Seen | None = None
        self._costs: dict[str, float] = {}

    def check(self, document: str, *, now: datetime, kept_back: float) -> None:
        """Whether a query is within the budget.

        Args:
            document: Its text.
            now: The instant of the tick.
            kept_back: Part of the whole bucket, 0 … 1, that is left for others.

        Raises:
            RateLimited: It would be refused; with the seconds after which it would not.
        """
        if self._seen is None or document not in self._costs:
            return
        needed = self._costs[document] + kept_back * self._seen.throttle.maximum
        missing = needed - self._available(self._seen, now)
        if missing > 0:
            wait_s = max(missing / self._seen.throttle.restored_per_s, LEAST_WAIT_S)
            raise RateLimited(f"{needed:.0f} points are needed, {missing:.0f} of them are missing", retry_after_s=wait_s)

    def note(self, document: str, body: Any, *, now: datetime) -> None:
        """Take in what an answer says about points; nothing where it says nothing. Raises: BadAnswer."""
        extensions = body.get("extensions") if isinstance(body, Mapping) else None
        said = extensions.get("cost") if isinstance(extensions, Mapping) else None
        if said is None:
            return
        cost = parsed(Cost, said, "extensions.cost")
        self._costs[document] = cost.requested
        self._seen = _Seen(cost.throttle, now)

    def wait_s(self, document: str, *, now: datetime) -> float | None:
        """Seconds until a query that was refused would not be; None where Shopify did not say."""
        try:
            self.check(document, now=now, kept_back=0.0)
        except RateLimited as error:
            return error.retry_after_s
        return None if self._seen is None else LEAST_WAIT_S

    @staticmethod
    def _available(seen: _Seen, now: datetime) -> float:
        restored = seen.throttle.restored_per_s * max((now - seen.at).total_seconds(), 0.0)
        return min(seen.throttle.available + restored, seen.throttle.maximum)
