"""What stands on a Shopify shop's shelf: prices and stock, as far as each tick's points reach, round and round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from autopilot.platforms.answers import all_parsed
from autopilot.platforms.shopify.documents import SHELF, SOME
from autopilot.platforms.shopify.session import Session
from autopilot.platforms.shopify.variants import SOLD, Standing
from perception.ports import RateLimited

PAGE_SIZE = 250
"""The most that Shopify gives at once, and takes as ids."""

KEPT_BACK = 0.25
"""Part of the points that a round leaves for orders and for writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look showed.

    Attributes:
        standing: {id: variant} of those that it reached.
        gone: Ids that are for sale no longer: a round came to its end without meeting them.
    """

    standing: Mapping[str, Standing]
    gone: frozenset[str]


class Shelf:
    """Goes round the shelf, as far in each look as there are points, and on from there in the next."""

    def __init__(self, session: Session, ids: Iterable[str]) -> None:
        """``ids`` are the variants that matter."""
        self._session, self._ids = session, frozenset(ids)
        self._after: str | None = None
        self._met: set[str] = set()
        self._gone: frozenset[str] = frozenset()
        self._first: tuple[str, ...] = ()

    def look_first_at(self, ids: Iterable[str]) -> None:
        """Variants that the next look is to begin with: what was written to them must be seen soon."""
        self._first = tuple(dict.fromkeys((*self._first, *ids)))

    def look(self, *, now: datetime) -> Look:
        """At most once round. Raises: PlatformError where nothing at all could be seen."""
        seen: dict[str, Standing] = {}
        try:
            self._those(seen, now)
            self._round(seen, now)
        except RateLimited:
            if not seen:
                raise
        return Look(standing={key: value for key, value in seen.items() if key in self._ids}, gone=self._gone - seen.keys())

    def _those(self, seen: dict[str, Standing], now: datetime) -> None:
        while self._first:
            some, rest = self._first[:PAGE_SIZE], self._first[PAGE_SIZE:]
            nodes = self._session.ask(SOME, {"ids": some}, now=now).get("nodes")
            found = [node for node in nodes if node] if isinstance(nodes, list) else nodes
            seen.update((standing.id, standing) for standing in all_parsed(Standing, found, "nodes"))
            self._first = rest

    def _round(self, seen: dict[str, Standing], now: datetime) -> None:
        pages = self._session.pages(
            SHELF, {"query": SOLD}, of=("productVariants",), size=PAGE_SIZE, after=self._after, now=now, kept_back=KEPT_BACK
        )
        for page in pages:
            standing = all_parsed(Standing, list(page.nodes), "productVariants")
            seen.update((one.id, one) for one in standing)
            self._met.update(one.id for one in standing)
            self._after = page.info.end
        self._gone, self._met, self._after = self._ids - self._met, set(), None
