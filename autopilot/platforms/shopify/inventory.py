"""Everything a Shopify shop sells, read page by page over as many calls as its budget of points takes, and kept between them.

Ten thousand variants cost more points than a bucket holds. So each call goes on where the last one ran out of points, also in another
process: what was read is in a file. A shop that was read within the last day is not read again, but for what changed in it since.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from pydantic import AwareDatetime, ValidationError

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
    after: str | None = None
    complete: bool = False
    nodes: Mapping[str, Any] = {}


def variants_of(session: Session, path: Path, *, now: datetime) -> list[Variant]:
    """Everything that is for sale.

    Args:
        session: Of the shop.
        path: Where to keep what was read.
        now: The instant of the call.

    Raises:
        RateLimited: There are not enough points to come to the end; the next call goes on from here.
        PlatformError: Likewise.
    """
    kept = _kept(path)
    if kept is None or not timedelta(0) <= now - kept.began < KEPT_FOR:
        kept = Kept(began=now)
    query = f"{SOLD} updated_at:>='{_text(kept.began - OVERLAP)}'" if kept.complete else SOLD
    nodes, after, done = dict(kept.nodes), kept.after, False
    try:
        for page in session.pages(GOODS, {"query": query}, of=("productVariants",), size=PAGE_SIZE, after=after, now=now):
            nodes |= {node["id"]: node for node in page.nodes if isinstance(node, dict) and isinstance(node.get("id"), str)}
            after = page.info.end
        done = True
    finally:
        _keep(path, Kept(began=kept.began, after=None if done else after, complete=kept.complete or done, nodes=nodes))
    return all_parsed(Variant, list(nodes.values()), "productVariants")


def _kept(path: Path) -> Kept | None:
    """None where there is nothing that can be read."""
    try:
        return Kept.model_validate(orjson.loads(path.read_bytes()))
    except (OSError, orjson.JSONDecodeError, ValidationError):
        return None


def _keep(path: Path, kept: Kept) -> None:
    write_whole(path, orjson.dumps(kept.model_dump(mode="json")))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
