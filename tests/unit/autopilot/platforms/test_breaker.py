"""A platform that fails is left alone for longer and longer, and one that refuses our credentials until somebody renews them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from autopilot.platforms.breaker import FAILURES, FIRST_WAIT, LONGEST_WAIT, Breaker
from perception.ports import BadAnswer, NeedsReauthorisation, RateLimited, SourceUnavailable

NOW = datetime(2026, 11, 28, tzinfo=UTC)


def failing(times: int) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker.note(SourceUnavailable("503"), NOW)
    return breaker


def waits_s(breaker: Breaker) -> float:
    with pytest.raises(RateLimited) as caught:
        breaker.check(NOW)
    return caught.value.retry_after_s


def test_a_few_failures_are_forgiven() -> None:
    failing(FAILURES - 1).check(NOW)


@pytest.mark.parametrize(
    ("more", "wait"), [(0, FIRST_WAIT), (1, 2 * FIRST_WAIT), (2, 4 * FIRST_WAIT), (9, LONGEST_WAIT), (5_000, LONGEST_WAIT)]
)
def test_the_pause_doubles_up_to_the_longest(more: int, wait: timedelta) -> None:
    assert waits_s(failing(FAILURES + more)) == wait.total_seconds()


def test_after_the_pause_it_is_asked_again_and_a_success_forgets_everything() -> None:
    breaker = failing(FAILURES)

    breaker.check(NOW + FIRST_WAIT)
    breaker.note(None, NOW + FIRST_WAIT)
    breaker.note(SourceUnavailable("503"), NOW + FIRST_WAIT)

    breaker.check(NOW + FIRST_WAIT)


def test_what_the_platform_asks_for_is_what_it_gets() -> None:
    breaker = Breaker()

    breaker.note(RateLimited("429", retry_after_s=37.0), NOW)

    assert waits_s(breaker) == 37.0
    breaker.check(NOW + timedelta(seconds=37))


def test_refused_credentials_are_not_tried_again() -> None:
    breaker = Breaker()

    breaker.note(NeedsReauthorisation("401"), NOW)

    with pytest.raises(NeedsReauthorisation, match="renew the credentials"):
        breaker.check(NOW + timedelta(days=300))


def test_an_unreadable_answer_is_no_reason_to_stay_away() -> None:
    breaker = Breaker()
    for _ in range(2 * FAILURES):
        breaker.note(BadAnswer("not JSON"), NOW)

    breaker.check(NOW)
