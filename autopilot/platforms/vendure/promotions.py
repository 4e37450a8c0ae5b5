"""Promotions on a Vendure shop: a percentage off some products for some time, for everybody, found again by the intent that made it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from autopilot.platforms.http import Refused
from autopilot.platforms.vendure.answers import Reference, items_of
from autopilot.platforms.vendure.documents import CREATE_PROMOTION, FIND_PROMOTIONS, UPDATE_PROMOTION
from autopilot.platforms.vendure.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A promotion as it shall be.

    Attributes:
        intent_id: Names it for good: the same intent is the same promotion, however often it is put.
        title: What buyers see.
        percent: Off the price, 0 < percent < 100.
        variants: Vendure's ids of what it holds for, at least one.
        starts_at, ends_at: Aware UTC.
    """

    intent_id: str
    title: str
    percent: float
    variants: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        """Raises: ValueError, naming what was expected and what it was."""
        if not (math.isfinite(self.percent) and 0.0 < self.percent < 100.0):  # noqa: PLR2004 - per cent
            raise ValueError(f"percent: expected 0 < percent < 100, was {self.percent}")
        if not self.variants:
            raise ValueError("variants: expected at least one, was none")
        if self.ends_at <= self.starts_at:
            raise ValueError(f"ends_at: expected an instant after {self.starts_at}, was {self.ends_at}")


class Promotions:
    """Puts, changes and ends promotions. Each call looks first at what is there, so that a repeated one does no harm."""

    def __init__(self, session: Session, *, language: str) -> None:
        """Titles are written in ``language``, the channel's default one."""
        self._session, self._language = session, language

    def put(self, offer: Offer, *, now: datetime) -> str:
        """Make the promotion of this intent be as offered; its id. Raises: PlatformError; Refused where the shop says no."""
        found = self._find(offer.intent_id, now)
        if not found:
            return self._send(CREATE_PROMOTION, "createPromotion", self._document(offer), now)
        for double in found[1:]:
            self._send(UPDATE_PROMOTION, "updatePromotion", {"id": double, "enabled": False}, now)
        return self._send(UPDATE_PROMOTION, "updatePromotion", {"id": found[0], **self._document(offer)}, now)

    def end(self, intent_id: str, *, now: datetime) -> bool:
        """Switch it off; False where there is none. Raises: PlatformError."""
        found = self._find(intent_id, now)
        for promotion in found:
            self._send(UPDATE_PROMOTION, "updatePromotion", {"id": promotion, "enabled": False}, now)
        return bool(found)

    def _find(self, intent_id: str, now: datetime) -> list[str]:
        options = {"filter": {"description": {"eq": _mark(intent_id)}}, "sort": {"id": "ASC"}}
        data = self._session.ask(FIND_PROMOTIONS, {"options": options}, now=now)
        return [promotion.id for promotion in items_of(Reference, data.get("promotions"), "promotions")]

    def _send(self, document: str, name: str, promotion: dict[str, Any], now: datetime) -> str:
        answer = self._session.ask(document, {"input": promotion}, now=now).get(name)
        if not isinstance(answer, dict) or answer.get("__typename") != "Promotion":
            message = answer.get("message") if isinstance(answer, dict) else "no answer"
            raise Refused(f"{name}: {message}", status=200, body=answer)
        return str(answer["id"])

    def _document(self, offer: Offer) -> dict[str, Any]:
        which = {"name": "productVariantIds", "value": orjson.dumps(offer.variants).decode()}
        return {
            "enabled": True,
            "startsAt": offer.starts_at.isoformat(),
            "endsAt": offer.ends_at.isoformat(),
            "conditions": [{"code": "contains_products", "arguments": [{"name": "minimum", "value": "1"}, which]}],
            "actions": [
                {"code": "products_percentage_discount", "arguments": [{"name": "discount", "value": f"{offer.percent:g}"}, which]}
            ],
            "translations": [{"languageCode": self._language, "name": offer.title, "description": _mark(offer.intent_id)}],
        }


def _mark(intent_id: str) -> str:
    """In the description, which buyers do not see."""
    return f"autopilot {intent_id}"
