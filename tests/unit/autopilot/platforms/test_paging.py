"""Nothing is lost from a list that shifts while it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autopilot.platforms import paging
from autopilot.platforms.paging import walk
from perception.ports import BadAnswer, SourceUnavailable

BEGIN = datetime(2026, 11, 28, tzinfo=UTC)


@dataclass(frozen=True)
class Thing:
    id: str
    modified: datetime


class Shop:
    """A list whose entries move to its end when they change; it is changed between any two pages as ``course`` says."""

    def __init__(self, seconds: Sequence[int], course: Sequence[tuple[int, int]] = ()) -> None:
        self.things = {f"t{place:03}": second for place, second in enumerate(seconds)}
        self.course = list(course)
        self.pages = 0

    def page(self, after: datetime, skip: int, size: int) -> list[Thing]:
        if self.course:
            which, second = self.course.pop(0)
            name = f"t{which % len(self.things):03}"
            # a change is never dated before what is there already
            self.things[name] = max(second, *self.things.values())
        self.pages += 1
        listed = sorted((second, name) for name, second in self.things.items())
        found = [Thing(id=name, modified=BEGIN + timedelta(seconds=second)) for second, name in listed]
        return [thing for thing in found if thing.modified >= after][skip : skip + size]


def walked(shop: Shop, size: int, *, after: datetime = BEGIN) -> list[Thing]:
    taken: list[Thing] = []
    walk(lambda since, skip: shop.page(since, skip, size), after=after, page_size=size, take=taken.extend)
    return taken


@settings(max_examples=300)
@given(
    seconds=st.lists(st.integers(0, 6), min_size=1, max_size=60),
    course=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), max_size=4),
    size=st.integers(2, 12),
)
def test_every_thing_is_met_in_its_last_state_however_the_list_shifts(seconds: list[int], course: list[tuple[int, int]], size: int) -> None:
    shop = Shop(sorted(seconds), course)

    taken = walked(shop, size)

    last = {thing.id: thing.modified for thing in sorted(taken, key=lambda thing: thing.modified)}
    assert last == {name: BEGIN + timedelta(seconds=second) for name, second in shop.things.items()}


def test_counting_pages_would_have_lost_one() -> None:
    shop = Shop([0, 1, 2, 3, 4, 5], [(9, 9), (0, 9)])
    shop.course = []
    lost = shop.page(BEGIN, 0, 2)
    shop.things["t000"] = 9

    lost += shop.page(BEGIN, 2, 2) + shop.page(BEGIN, 4, 2)

    assert "t002" not in {thing.id for thing in lost}


def test_only_what_changed_since_is_read() -> None:
    taken = walked(Shop([0, 1, 2, 3]), 10, after=BEGIN + timedelta(seconds=2))

    assert [thing.id for thing in taken] == ["t002", "t003"]


def test_an_empty_list_takes_one_page() -> None:
    shop = Shop([0])

    assert walked(shop, 5, after=BEGIN + timedelta(seconds=9)) == []
    assert shop.pages == 1


def test_pages_are_read_once_where_nothing_shares_an_instant() -> None:
    shop = Shop(range(50))

    walked(shop, 10)

    # each page begins with the last thing of the one before
    assert shop.pages == 6


def test_what_was_taken_before_a_failure_stays_taken() -> None:
    shop = Shop(range(30))
    taken: list[Thing] = []

    def fetch(after: datetime, skip: int) -> Sequence[Thing]:
        if shop.pages == 2:
            raise SourceUnavailable("503")
        return shop.page(after, skip, 10)

    with pytest.raises(SourceUnavailable):
        walk(fetch, after=BEGIN, page_size=10, take=taken.extend)

    assert len({thing.id for thing in taken}) == 19


def test_a_platform_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 20)
    taken: list[Thing] = []

    def endless(_after: datetime, skip: int) -> Sequence[Thing]:
        return [Thing(id=f"t{skip + place}", modified=BEGIN) for place in range(3)]

    with pytest.raises(BadAnswer, match="at most 20 pages"):
        walk(endless, after=BEGIN, page_size=3, take=taken.extend)
