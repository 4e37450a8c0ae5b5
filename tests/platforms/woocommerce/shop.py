"""A WooCommerce shop as far as its recorded behaviour goes, traps included, and strict: what the recorded schemas do not know is noted."""

from __future__ import annotations

import base64
import hmac
import json
import re
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jsonschema import Draft7Validator, FormatChecker

from tests.platforms.local_server import Reply, Request

CONTRACT = json.loads(Path(__file__).with_name("contract.json").read_text())
ARGUMENTS: dict[str, dict[str, Any]] = CONTRACT["arguments"]
SAMPLES: dict[str, Any] = CONTRACT["samples"]
KEY, SECRET = "ck_0123456789abcdef", "cs_fedcba9876543210"

formats = FormatChecker()


@formats.checks("date-time")  # type: ignore[untyped-decorator]
def is_time_for_wordpress(value: object) -> bool:
    """As ``rest_parse_date`` takes it: a zone may be missing."""
    return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}(:\d{2})?)?", str(value)))


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()


class Shop:
    """Its state, and what it answers."""

    def __init__(self, *, currency: str = "EUR", timezone: str = "Europe/Berlin") -> None:
        self.currency, self.timezone = currency, ZoneInfo(timezone)
        self.products: dict[int, dict[str, Any]] = {}
        self.variations: dict[int, dict[str, Any]] = {}
        self.orders: dict[int, dict[str, Any]] = {}
        self.refunds: dict[int, list[dict[str, Any]]] = {}
        self.taxes: list[dict[str, Any]] = []
        self.settings = {"general": {"woocommerce_currency": currency, "woocommerce_default_country": "DE:DE-BE"}, "tax": {}}
        self.counts_pages = True
        self.has_variations_list = True
        self.permission = "read_write"
        self.is_secure = False
        self.nonces: set[str | None] = set()
        self.problems: list[str] = []
        self.between_pages: list[Any] = []
        """Things to do after each answer that lists orders."""
        self.while_loading: list[Any] = []
        """Things to do after such a list was put in order, and before its orders are loaded: WooCommerce does one after the other."""
        self._ids = 0

    def new_id(self) -> int:
        self._ids += 1
        return self._ids

    def add_product(self, **fields: Any) -> int:
        product = {**deepcopy(SAMPLES["products"]["body"][0]), "sale_price": "", "on_sale": False, "id": self.new_id(), **fields}
        self.products[product["id"]] = product
        return int(product["id"])

    def add_variation(self, parent: int, **fields: Any) -> int:
        product = {**deepcopy(SAMPLES["products"]["body"][0]), "sale_price": "", "on_sale": False, "id": self.new_id(), **fields}
        del product["variations"]
        product |= {"parent_id": parent, "type": "variation"}
        self.variations[product["id"]] = product
        self.products[parent]["variations"].append(product["id"])
        return int(product["id"])

    def place(self, at: datetime, *lines: tuple[int, int, str], status: str = "processing", **fields: Any) -> int:
        """Lines are (product or variation, quantity, total without tax)."""
        order = {**SAMPLES["orders"]["body"][0], "refunds": []}
        order |= {"id": self.new_id(), "status": status, "currency": self.currency, "date_created_gmt": stamp(at), **fields}
        order["line_items"] = [self._line(item, quantity, total) for item, quantity, total in lines]
        self.orders[order["id"]] = order
        self.touch(order["id"], at)
        return int(order["id"])

    def touch(self, order: int, at: datetime, **fields: Any) -> None:
        self.orders[order] |= {"date_modified_gmt": stamp(at), **fields}

    def refund(self, order: int, at: datetime, *lines: tuple[int, int, str]) -> None:
        refund = deepcopy(SAMPLES["refunds"]["body"][0]) | {"id": self.new_id()}
        refund["line_items"] = [self._line(item, -quantity, f"-{total}") for item, quantity, total in lines]
        self.refunds.setdefault(order, []).append(refund)
        self.orders[order]["refunds"].append({"id": refund["id"], "reason": "", "total": "-1.00", "total_tax": "0.00"})
        self.touch(order, at)

    def _line(self, item: int, quantity: int, total: str) -> dict[str, Any]:
        line = SAMPLES["orders"]["body"][0]["line_items"][0]
        parent = self.variations[item]["parent_id"] if item in self.variations else 0
        ids = {"product_id": parent or item, "variation_id": item if parent else 0}
        return {**line, **ids, "id": self.new_id(), "quantity": quantity, "total": total, "sku": ""}

    def answer(self, request: Request) -> Reply:
        """As WordPress would, by pretty or plain permalinks."""
        query = {name: value for name, value in request.query.items() if not name.startswith("oauth_")}
        route = query.pop("rest_route", None) if request.path == "/index.php" else request.path.removeprefix("/wp-json")
        if route is None or not route.startswith("/wc/v3/"):
            return Reply(status=404, body=b"<!DOCTYPE html><html><body>Not found</body></html>", headers={"content-type": "text/html"})
        if not self.is_signed_in(request):
            return _error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        if self.permission not in ("read_write", "read" if request.method == "GET" else "write"):
            words = f"The API key provided does not have {'read' if request.method == 'GET' else 'write'} permissions."
            return _error(401, "woocommerce_rest_authentication_error", words)
        if not self.has_variations_list and route == "/wc/v3/variations":
            return _error(404, "rest_no_route", "No route was found matching the URL and request method.")
        asked = self._checked(request.method, route, query, request.body)
        if asked is None:
            return _error(400, "rest_invalid_param", "Invalid parameter(s)")
        return self._routed(route.removeprefix("/wc/v3/").split("/"), asked, request.body)

    def is_signed_in(self, request: Request) -> bool:
        """As ``WC_REST_Authentication``: Basic authentication only over TLS, else a signature of the query that was not used before."""
        if self.is_secure:
            basic = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
            return request.headers.get("authorization") == f"Basic {basic}"
        params = dict(request.query)
        given = params.pop("oauth_signature", "")
        # each pair is encoded, joined by "=" and encoded once more
        pairs = [quote(f"{quote(name, safe='')}={quote(params[name], safe='')}", safe="") for name in sorted(params)]
        home = f"http://{request.headers['host']}{request.path}"
        text = f"{request.method}&{quote(home, safe='')}&{'%26'.join(pairs)}"
        own = base64.b64encode(hmac.digest(f"{SECRET}&".encode(), text.encode(), "sha256")).decode()
        fresh = params.get("oauth_nonce") not in self.nonces
        self.nonces.add(params.get("oauth_nonce"))
        return fresh and params.get("oauth_consumer_key") == KEY and hmac.compare_digest(own, given)

    def _checked(self, method: str, route: str, query: dict[str, str], body: Any) -> dict[str, Any] | None:
        """The arguments by the recorded schemas, with their defaults."""
        known = next((name for name in ARGUMENTS if re.fullmatch(name.removeprefix(f"{method} "), route)), None)
        if known is None:
            self.problems.append(f"{method} {route}: no such route")
            return None
        schemas = ARGUMENTS[known]
        asked = {name: _typed(value, schemas[name]) for name, value in query.items() if name in schemas}
        wrong = [f"unknown argument {name}" for name in query if name not in schemas]
        wrong += _wrong(asked, schemas)
        if method == "POST":
            wrong += [f"unknown key {name}" for name in body if name not in ("create", "update", "delete")]
            wrong += [f"more than 100 items: {len(body['update'])}"] if len(body["update"]) > 100 else []
            for item in body["update"]:
                with_id = {**schemas, "id": {"type": "integer"}}
                wrong += [f"unknown argument {name}" for name in item if name not in with_id] + _wrong(item, with_id)
        self.problems += [f"{method} {route}: {problem}" for problem in wrong]
        defaults = {name: schema["default"] for name, schema in schemas.items() if "default" in schema}
        return None if wrong else {**defaults, **asked}

    def _routed(self, parts: list[str], asked: dict[str, Any], body: Any) -> Reply:  # noqa: PLR0911 - one per route
        match parts:
            case ["settings", group]:
                return Reply(body=[{"id": name, "value": value} for name, value in self.settings[group].items()])
            case ["taxes"]:
                return self._page(self.taxes, asked)
            case ["products"]:
                return self._page([p for p in self._by_id(self.products) if p["status"] == asked["status"]], asked)
            case ["variations"]:
                return self._page([v for v in self._by_id(self.variations) if v["status"] == asked["status"]], asked)
            case ["products", parent, "variations"]:
                return self._page([v for v in self._by_id(self.variations) if v["parent_id"] == int(parent)], asked)
            case ["orders"]:
                return self._orders(asked)
            case ["orders", order, "refunds"]:
                return self._page(self.refunds.get(int(order), []), asked)
            case ["products", "batch"]:
                return Reply(body={"update": [self._update(self.products, item) for item in body["update"]]})
            case ["products", _, "variations", "batch"]:
                return Reply(body={"update": [self._update(self.variations, item) for item in body["update"]]})
            case _:
                raise AssertionError(parts)

    def _orders(self, asked: dict[str, Any]) -> Reply:
        assert (asked["orderby"], asked["order"], asked["dates_are_gmt"]) == ("modified", "asc", True)
        after = self._as_wordpress_reads(asked["modified_after"])
        in_bin = asked["status"] == ["trash"]
        found = [o for o in self.orders.values() if (o["status"] == "trash") is in_bin and (o["date_modified_gmt"] or "") > after]
        reply = self._page(sorted(found, key=lambda o: (o["date_modified_gmt"], o["id"])), asked)
        for happens in self.while_loading[:1]:
            happens()
            self.while_loading.pop(0)
        reply = Reply(body=[dict(order) for order in reply.body], headers=reply.headers)
        for happens in self.between_pages[:1]:
            happens()
            self.between_pages.pop(0)
        return reply

    def _as_wordpress_reads(self, text: str) -> str:
        """PHP makes a time of the site's zone of it, and the column, in UTC, is compared with its wall clock: to the second."""
        read = datetime.fromisoformat(text)
        local = read.replace(tzinfo=self.timezone) if read.tzinfo is None else read
        return local.astimezone(UTC).astimezone(self.timezone).replace(tzinfo=None, microsecond=0).isoformat()

    def _page(self, things: list[dict[str, Any]], asked: dict[str, Any]) -> Reply:
        size, start = asked["per_page"], (asked["page"] - 1) * asked["per_page"]
        pages = -(-len(things) // size)
        headers = {"X-WP-Total": str(len(things)), "X-WP-TotalPages": str(pages)} if self.counts_pages else {}
        return Reply(body=things[start : start + size], headers=headers)

    def _by_id(self, things: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
        return [things[key] for key in sorted(things)]

    def _update(self, things: dict[int, dict[str, Any]], item: dict[str, Any]) -> dict[str, Any]:
        product = things.get(item["id"])
        if product is None:
            error = {"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID.", "data": {"status": 400}}
            return {"id": item["id"], "error": error}
        text = item["regular_price"]
        product["regular_price"] = text if re.fullmatch(r"-?\d*\.?\d+", text) else ""
        if product["sale_price"] and product["regular_price"] and float(product["sale_price"]) >= float(product["regular_price"]):
            product |= {"sale_price": "", "on_sale": False}
        return product


def _typed(value: str, schema: dict[str, Any]) -> Any:
    if schema["type"] == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    if schema["type"] == "boolean":
        return {"true": True, "false": False, "1": True, "0": False}.get(value, value)
    return value.split(",") if schema["type"] == "array" else value


def _wrong(asked: dict[str, Any], schemas: dict[str, Any]) -> list[str]:
    properties = {name: {key: value for key, value in schema.items() if key != "required"} for name, schema in schemas.items()}
    validator = Draft7Validator({"type": "object", "properties": properties}, format_checker=formats)
    return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(asked)]


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status=status, body={"code": code, "message": message, "data": {"status": status}})
