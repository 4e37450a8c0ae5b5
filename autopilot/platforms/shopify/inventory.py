"""Everything a Shopify shop sells, read page by page over as many calls as its budget of points takes, and kept between them.

Ten thousand variants cost more points than a bucket holds. So each call goes on where the last one ran out of points, also in another
process: what was read is in a file. A shop that was read within the last day is not read again, but for what changed in it since.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from pydantic import AwareDatetime, Field, ValidationError

from autopilot.platforms.answers import Answer, all_parsed
from autopilot.platforms.shopify.documents import GOODS
from autopilot.platforms.shopify.session import Session
from autopilot.platforms.shopify.variants import SOLD, Variant
from autopilot.whole_file import write_whole

PAGE_SIZE = 200

KEPT_FOR = timedelta(days=1)

OVERLAP = timedelta(minutes=5)
"""Looked at again before the last look: Shopify's index of changes lags."""


class Kept(Answer):
    """What was read so far.

    Attributes:
        began: When the reading began that is (to be) complete.
        complete: Whether it came to the end; what is read then is what changed since it began.
        after: Cursor behind the last page that was read; None before the first.
        nodes: {id: variant} as Shopify wrote them.
    """

    began: AwareDatetime
    complete: bool = False
    after: str | None = None
    nodes: dict[str, Any] = Field(default_factory=dict)


class Inventory:
    """The variants of one shop, as far as they were read."""

    def __init__(self, session: Session, path: Path) -> None:
        """``path`` is where to keep what was read."""
        self._session, self._path = session, path
        self._kept = _kept(path)

    def variants(self, *, now: datetime) -> list[Variant]:
        """Everything that is for sale.

        Raises:
            RateLimited: There are not enough points to come to the end; the next call goes on from here.
            PlatformError: Likewise.
        """
        kept = self._kept
        if kept is None or not timedelta(0) <= now - kept.began < KEPT_FOR:
            kept = Kept(began=now)
        query = f"{SOLD} updated_at:>='{_text(kept.began - OVERLAP)}'" if kept.complete else SOLD
        nodes, after, done = dict(kept.nodes), kept.after, False
        pages = self._session.pages(GOODS, {"query": query}, of=("productVariants",), size=PAGE_SIZE, after=after, now=now)
        try:
            for page in pages:
                nodes |= {node["id"]: node for node in page.nodes if isinstance(node, dict) and isinstance(node.get("id"), str)}
                after = page.info.end
            done = True
        finally:
            self._kept = Kept(began=kept.began, complete=kept.complete or done, after=None if done else after, nodes=nodes)
            _keep(self._path, self._kept)
        return all_parsed(Variant, list(nodes.values()), "productVariants")


def _kept(path: Path) -> Kept | None:
    """None where there is nothing that can be read."""
    try:
        return Kept.model_validate(orjson.loads(path.read_bytes()))
    except (OSError, orjson.JSONDecodeError, ValidationError):
        return None


def _keep(path: Path, kept: Kept) -> None:
    # not by way of pydantic, which takes ten times as long over what it only passes on
    write_whole(path, orjson.dumps({name: getattr(kept, name) for name in Kept.model_fields}))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
