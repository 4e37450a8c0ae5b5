"""A Vendure server in memory: it answers as a real one does, by the part of its schema that the adapter uses, and keeps state.

Its traps are those of a real server: an order placed keeps the ``updatedAt`` of its cart, a refund changes no order's time, times on SQLite
are whole seconds, a batch with one unknown variant is taken back as a whole, and everything that goes wrong is said with status 200.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_schema, execute_sync, parse, validate

from tests.platforms.local_server import Reply, Request

SCHEMA: GraphQLSchema = build_schema((Path(__file__).parent / "admin.graphql").read_text(encoding="utf-8"))

OPENED = datetime(2026, 9, 1, 8, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
USERNAME, PASSWORD = "ann", "hunter2-of-ann"
LARGEST_TAKE = 1000

Json = dict[str, Any]


@dataclass(kw_only=True)
class Variant:
    id: str
    sku: str
    price: int
    """As the channel keeps it: without tax, or with it where its prices include tax."""
    cost: Any = None
    on_hand: int = 100
    allocated: int = 0
    tracking: str = "TRUE"
    threshold: int | None = None
    enabled: bool = True
    product_enabled: bool = True
    tax: float = 20.0
    created: datetime = OPENED


@dataclass(kw_only=True)
class Line:
    id: str
    variant: str
    quantity: int
    placed: int
    unit_price: int
    updated: datetime


@dataclass(kw_only=True)
class Order:
    id: str
    lines: list[Line]
    updated: datetime
    placed: datetime | None = None
    state: str = "AddingItems"
    type: str = "Regular"
    currency: str = "GBP"
    refunds: list[Json] = field(default_factory=list)


@dataclass(kw_only=True)
class Admin:
    """One channel of one server."""

    now: datetime = NOW
    currency: str = "GBP"
    token: str = "default-token"
    code: str = "__default_channel__"
    prices_include_tax: bool = False
    digits: int = 2
    track_inventory: bool = True
    threshold: int = 0
    says_token: bool = True
    sessions: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    """Root fields that the administrator's role does not allow."""
    variants: dict[str, Variant] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    promotions: dict[str, Json] = field(default_factory=dict)
    logins: int = 0
    prices_set: list[tuple[str, int]] = field(default_factory=list)
    after_page: Callable[[], None] = lambda: None
    """Called after each page of a list: the shop goes on while it is read."""
    spoil: Callable[[str, Any], Any] = lambda _, answer: answer
    """Makes of a root field's answer what a broken server would say."""

    # the shop

    def add(self, sku: str, price: int, **others: Any) -> Variant:
        variant = Variant(id=str(len(self.variants) + 1), sku=sku, price=price, **others)
        self.variants[variant.id] = variant
        return variant

    def cart(self, *lines: tuple[str, int], **others: Any) -> Order:
        """A buyer fills a cart: (variant, units)."""
        name = str(len(self.orders) + 1)
        at = self.now.replace(microsecond=0)
        order = Order(
            id=name,
            updated=at,
            lines=[
                Line(
                    id=f"{name}-{n}", variant=variant, quantity=units, placed=units, unit_price=self.net(self.variants[variant]), updated=at
                )
                for n, (variant, units) in enumerate(lines)
            ],
            **others,
        )
        self.orders[name] = order
        return order

    def place(self, order: Order) -> Order:
        """The buyer pays; the time of the last change stays that of the cart."""
        order.placed, order.state = self.now, "PaymentSettled"
        return order

    def sell(self, *lines: tuple[str, int], **others: Any) -> Order:
        return self.place(self.cart(*lines, **others))

    def cancel(self, order: Order, units: int | None = None) -> None:
        """All of it, or so many units of its first line."""
        order.updated = self.now.replace(microsecond=0)
        for line in order.lines if units is None else order.lines[:1]:
            line.quantity -= line.quantity if units is None else min(units, line.quantity)
            line.updated = order.updated
        if not any(line.quantity for line in order.lines):
            order.state = "Cancelled"

    def refund(self, order: Order, units: int, *, state: str = "Settled") -> None:
        """Of its first line, without any other trace in the order."""
        lines = [{"orderLineId": order.lines[0].id, "quantity": units}]
        order.refunds.append({"state": state, "updatedAt": iso(self.now), "lines": lines})

    def net(self, variant: Variant) -> int:
        if not self.prices_include_tax:
            return variant.price
        return int((Decimal(variant.price) / (1 + Decimal(str(variant.tax)) / 100)).to_integral_value(ROUND_HALF_UP))

    # its API

    def answer(self, request: Request) -> Reply:
        """One operation."""
        document, wrong = _checked(request.body["query"])
        if wrong:
            errors = [{"message": message, "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}} for message in wrong]
            return Reply(status=400, body={"errors": errors})
        asked = _Asked(self, request)
        result = execute_sync(SCHEMA, document, root_value=asked, variable_values=request.body["variables"])
        body: Json = {"data": result.data}
        if result.errors:
            body["errors"] = [_said(error) for error in result.errors]
        return Reply(body=body, headers=asked.headers)


@cache
def _checked(query: str) -> tuple[DocumentNode, tuple[str, ...]]:
    """The document, and what is wrong with it."""
    document = parse(query)
    return document, tuple(error.message for error in validate(SCHEMA, document))


class _Asked:
    """The root of one request: what is not a field of the schema has a name that none has."""

    def __init__(self, admin: Admin, request: Request) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._admin, self._currency = admin, request.query.get("currencyCode", admin.currency)
        self._token = headers.get("authorization", "").removeprefix("Bearer ")
        self._channel = headers.get("vendure-token", "")
        self.headers: dict[str, str] = {}

    def login(self, _: Any, *, username: str, password: str) -> Json:
        admin = self._admin
        admin.logins += 1
        if (username, password) != (USERNAME, PASSWORD):
            return {"__typename": "InvalidCredentialsError", "message": "The provided credentials are invalid"}
        token = f"token-{admin.logins}"
        admin.sessions.add(token)
        if admin.says_token:
            self.headers["vendure-auth-token"] = token
        return {"__typename": "CurrentUser", "id": "1"}

    def activeChannel(self, _: Any) -> Any:  # noqa: N802 - the API's name
        self._allowed("activeChannel")
        channel = {
            "code": self._admin.code,
            "token": self._admin.token,
            "defaultLanguageCode": "en",
            "defaultCurrencyCode": self._admin.currency,
            "availableCurrencyCodes": [self._admin.currency],
            "pricesIncludeTax": self._admin.prices_include_tax,
        }
        return self._admin.spoil("activeChannel", channel)

    def globalSettings(self, _: Any) -> Json:  # noqa: N802 - the API's name
        self._allowed("globalSettings")
        return {
            "trackInventory": self._admin.track_inventory,
            "outOfStockThreshold": self._admin.threshold,
            "serverConfig": {"moneyStrategyPrecision": self._admin.digits},
        }

    def productVariants(self, _: Any, *, options: Json) -> Any:  # noqa: N802 - the API's name
        self._allowed("productVariants")
        enabled = options.get("filter", {}).get("enabled", {}).get("eq")
        found = [variant for variant in self._admin.variants.values() if enabled is None or variant.enabled == enabled]
        page = _page(found, options, {"createdAt": lambda variant: variant.created})
        return self._listed("productVariants", [self._variant(variant) for variant in page])

    def orders(self, _: Any, *, options: Json) -> Any:
        self._allowed("orders")
        times: dict[str, Any] = {"updatedAt": lambda order: order.updated, "orderPlacedAt": lambda order: order.placed}
        page = _page(self._admin.orders.values(), options, times)
        return self._listed("orders", [self._order(order) for order in page])

    def promotions(self, _: Any, *, options: Json) -> Json:
        self._allowed("promotions")
        wanted = options["filter"]["description"]["eq"]
        found = [p for p in self._admin.promotions.values() if p["translations"][0]["description"] == wanted]
        return {"items": [{"id": promotion["id"]} for promotion in found]}

    def updateProductVariants(self, _: Any, *, input: list[Json]) -> Any:  # noqa: N802, A002 - the API's names
        self._allowed("updateProductVariants")
        for item in input:
            if item["id"] not in self._admin.variants:
                raise GraphQLError("No ProductVariant with that id could be found", extensions={"code": "ENTITY_NOT_FOUND"})
        for item in input:
            (price,) = item["prices"]
            self._admin.variants[item["id"]].price = price["price"]
            self._admin.prices_set.append((item["id"], price["price"]))
        return self._admin.spoil("updateProductVariants", [self._variant(self._admin.variants[item["id"]]) for item in input])

    def createPromotion(self, _: Any, *, input: Json) -> Any:  # noqa: N802, A002 - the API's names
        self._allowed("createPromotion")
        if not input["conditions"]:
            return {"__typename": "MissingConditionsError", "message": "A Promotion must have either at least one condition"}
        promotion = {**input, "id": str(len(self._admin.promotions) + 1)}
        self._admin.promotions[promotion["id"]] = promotion
        return self._admin.spoil("createPromotion", {"__typename": "Promotion", "id": promotion["id"]})

    def updatePromotion(self, _: Any, *, input: Json) -> Json:  # noqa: N802, A002 - the API's names
        self._allowed("updatePromotion")
        self._admin.promotions[input["id"]].update(input)
        return {"__typename": "Promotion", "id": input["id"]}

    def _allowed(self, name: str) -> None:
        if self._token not in self._admin.sessions or name in self._admin.forbidden:
            raise GraphQLError("You are not currently authorized to perform this action", extensions={"code": "FORBIDDEN"})
        if self._currency != self._admin.currency:
            raise GraphQLError("The currency is not available in the current Channel", extensions={"code": "USER_INPUT_ERROR"})

    def _listed(self, name: str, items: list[Json]) -> Any:
        self._admin.after_page()
        return self._admin.spoil(name, {"items": items})

    def _variant(self, variant: Variant) -> Json:
        return {
            "id": variant.id,
            "createdAt": iso(variant.created),
            "sku": variant.sku,
            "price": self._admin.net(variant),
            "taxRateApplied": {"value": variant.tax},
            "product": {"enabled": variant.product_enabled},
            "customFields": {"unitCost": variant.cost},
            "trackInventory": variant.tracking,
            "useGlobalOutOfStockThreshold": variant.threshold is None,
            "outOfStockThreshold": variant.threshold or 0,
            "stockLevels": [
                {"stockOnHand": variant.on_hand - 1, "stockAllocated": variant.allocated},
                {"stockOnHand": 1, "stockAllocated": 0},
            ],
        }

    def _order(self, order: Order) -> Json:
        return {
            "id": order.id,
            "updatedAt": iso(order.updated),
            "orderPlacedAt": None if order.placed is None else iso(order.placed),
            "state": order.state,
            "type": order.type,
            "currencyCode": order.currency,
            "lines": [
                {
                    "id": line.id,
                    "updatedAt": iso(line.updated),
                    "quantity": line.quantity,
                    "orderPlacedQuantity": line.placed,
                    "proratedUnitPrice": line.unit_price,
                    "proratedLinePrice": line.unit_price * line.quantity,
                    "productVariant": {"id": line.variant},
                }
                for line in order.lines
            ],
            "payments": [{"refunds": order.refunds}],
        }


def iso(at: datetime) -> str:
    """As Vendure writes times."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _page(things: Iterable[Any], options: Json, times: dict[str, Callable[[Any], datetime | None]]) -> list[Any]:
    """One page of a list, filtered and sorted by times; what is equal comes by id."""
    if options["take"] > LARGEST_TAKE:
        raise GraphQLError("take must not be greater than 1000", extensions={"code": "USER_INPUT_ERROR"})
    found = list(things)
    for name, of in times.items():
        found = [thing for thing in found if _matches(of(thing), options.get("filter", {}).get(name, {}))]
    ((by, _),) = options["sort"].items()
    found.sort(key=lambda thing: (times[by](thing) or datetime.min.replace(tzinfo=UTC), int(thing.id)))
    return found[options["skip"] : options["skip"] + options["take"]]


def _matches(at: datetime | None, wanted: Json) -> bool:
    if at is None:
        return "after" not in wanted and "before" not in wanted and wanted.get("isNull", True)
    # the server keeps milliseconds
    at -= timedelta(microseconds=at.microsecond % 1000)
    after, before = (wanted.get(name) for name in ("after", "before"))
    late = after is None or at > datetime.fromisoformat(after)
    return late and (before is None or at < datetime.fromisoformat(before)) and not wanted.get("isNull", False)


def _said(error: GraphQLError) -> Json:
    return {"message": error.message, "path": error.path, "extensions": error.extensions or {"code": "INTERNAL_SERVER_ERROR"}}
