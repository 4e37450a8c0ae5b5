"""A circuit breaker: a platform that fails is left alone for a while, and one that refuses our credentials until a person renews them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from perception.ports import BadAnswer, NeedsReauthorisation, PlatformError, RateLimited, SourceUnavailable

T = TypeVar("T")

FAILURES = 3
"""So many failures in a row open the circuit."""

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=15)
"""The first pause, doubled with every further failure up to the longest one."""


class Breaker:
    """Remembers how a platform's last calls went; ``check`` before a call, ``note`` after it."""

    def __init__(self) -> None:
        """Closed: calls go through."""
        self._failures = 0
        self._not_before: datetime | None = None
        self._locked_out: NeedsReauthorisation | None = None

    def guarded(self, ask: Callable[[], T], now: datetime) -> T:
        """What ``ask`` gives, if the platform may be asked; how it went is noted. Raises: PlatformError."""
        self.check(now)
        try:
            answer = ask()
        except BadAnswer:
            # a no, or nonsense, is an answer: the platform is there
            self.note(None, now)
            raise
        except PlatformError as error:
            self.note(error, now)
            raise
        self.note(None, now)
        return answer

    def check(self, now: datetime) -> None:
        """Raises: the reaction that the last calls asked for, as long as it holds; the platform is not asked then."""
        if self._locked_out is not None:
            raise NeedsReauthorisation(f"not asked again since: {self._locked_out}; renew the credentials, then restart")
        if self._not_before is not None and now < self._not_before:
            wait_s = (self._not_before - now).total_seconds()
            raise RateLimited(f"not asked again for {wait_s:.0f} s, after {self._failures} failures", retry_after_s=wait_s)

    def note(self, error: PlatformError | None, now: datetime) -> None:
        """How a call went: None for well."""
        if error is None:
            self._failures, self._not_before = 0, None
        elif isinstance(error, NeedsReauthorisation):
            self._locked_out = error
        elif isinstance(error, SourceUnavailable):
            self._failures += 1
            wait = self._wait(error)
            self._not_before = None if wait is None else now + wait

    def _wait(self, error: SourceUnavailable) -> timedelta | None:
        if isinstance(error, RateLimited):
            return timedelta(seconds=error.retry_after_s)
        beyond = self._failures - FAILURES
        return None if beyond < 0 else min(FIRST_WAIT * 2 ** min(beyond, 10), LONGEST_WAIT)
