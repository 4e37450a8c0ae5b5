"""A Shopify shop: it runs queries against the part of Shopify's own schema that is kept here, counts points, and keeps state."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import graphql

from autopilot.platforms.shopify.documents import VERSION
from tests.platforms.local_server import Reply, Request

SCHEMA = graphql.build_schema(Path(__file__).with_name(f"admin_{VERSION}.graphql").read_text())
TOKEN, CLIENT_ID, CLIENT_SECRET = "shpat_0123456789abcdef", "client-0123456789", "shpss_fedcba9876543210"
MOST_POINTS = 1000.0
"""Of one query."""
MUTATION_POINTS = 10.0
ASSUMED = 10
"""Things in a list that does not say how many."""

Node = dict[str, Any]


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Shop:
    """Its state, and what it answers."""

    def __init__(self, *, currency: str = "USD") -> None:
        self.currency, self.taxes_included = currency, False
        self.variants: dict[str, Node] = {}
        self.orders: dict[str, Node] = {}
        self.refunds: dict[str, Node] = {}
        self.maximum, self.restored_per_s = 2000.0, 100.0
        self.available = self.maximum
        self.query_s = 0.0
        """Real time that each query takes, in which points come back."""
        self.token, self.granted = TOKEN, 0
        self.denied: frozenset[str] = frozenset()
        """Fields that the app's scopes do not reach."""
        self.problems: list[str] = []
        self.throttled, self.writes = 0, 0
        self.between_pages: list[Callable[[], Any]] = []
        self._ids = 0

    def passes(self, seconds: float) -> None:
        self.available = min(self.maximum, self.available + self.restored_per_s * seconds)

    def add_variant(self, *, product: str = "", **fields: Any) -> str:
        gid = self._id("ProductVariant")
        tracked, cost = fields.pop("tracked", True), fields.pop("cost", None)
        unit_cost = None if cost is None else {"amount": cost, "currencyCode": self.currency}
        self.variants[gid] = {
            "__typename": "ProductVariant",
            "id": gid,
            "sku": f"SKU-{self._ids}",
            "price": "10.00",
            "taxable": True,
            "inventoryQuantity": 5,
            "inventoryPolicy": "DENY",
            "product": {"id": product or self._id("Product")},
            "inventoryItem": {"tracked": tracked, "unitCost": unit_cost},
            "status": "ACTIVE",
            "updatedAt": stamp(datetime(2026, 1, 1, tzinfo=UTC)),
            **fields,
        }
        return gid

    def place(self, at: datetime, *lines: tuple[str, int, str], **fields: Any) -> str:
        """Lines are (variant, units, total without tax)."""
        gid = self._id("Order")
        self.orders[gid] = {
            "id": gid,
            "processedAt": stamp(at),
            "updatedAt": stamp(at),
            "cancelledAt": None,
            "test": False,
            "currencyCode": self.currency,
            "taxesIncluded": self.taxes_included,
            "lines": [self._line(*line) for line in lines],
            "refunds": [],
            **fields,
        }
        return gid

    def touch(self, order: str, at: datetime, **fields: Any) -> None:
        self.orders[order] |= {"updatedAt": stamp(at), **fields}

    def refund(self, order: str, at: datetime, place: int, units: int, total: str, *, tax: str = "0.00", restock: str = "RETURN") -> None:
        """Some units of a line; ``total`` with tax where prices include it, ``tax`` of it."""
        line = self.orders[order]["lines"][place]
        gid = self._id("Refund")
        back = {
            "quantity": units,
            "restockType": restock,
            "lineItem": {"id": line["id"]},
            "subtotalSet": bag(total),
            "totalTaxSet": bag(tax),
        }
        self.refunds[gid] = {"__typename": "Refund", "id": gid, "lines": [back]}
        self.orders[order]["refunds"].append({"id": gid})
        line["currentQuantity"] -= units
        net = float(total) - (float(tax) if self.taxes_included else 0.0)
        line["net"] = f"{float(line['net']) - net:.2f}"
        self.touch(order, at)

    def _line(self, variant: str, units: int, net: str) -> Node:
        reference = {"id": variant} if variant else None
        return {"id": self._id("LineItem"), "quantity": units, "currentQuantity": units, "variant": reference, "net": net}

    def _id(self, kind: str) -> str:
        self._ids += 1
        return f"gid://shopify/{kind}/{self._ids}"

    def answer(self, request: Request) -> Reply:
        if request.path == "/admin/oauth/access_token":
            return self._grant(request.body)
        if request.path != f"/admin/api/{VERSION}/graphql.json":
            return Reply(status=404, body={"errors": "Not Found"})
        if request.headers.get("x-shopify-access-token") != self.token:
            return Reply(status=401, body={"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"})
        return Reply(body=self._run(request.body["query"], request.body["variables"]))

    def _grant(self, body: Node) -> Reply:
        if (body["grant_type"], body["client_id"], body["client_secret"]) != ("client_credentials", CLIENT_ID, CLIENT_SECRET):
            return Reply(status=400, body={"error": "invalid_client"})
        self.granted += 1
        self.token = f"day-{self.granted}"
        return Reply(body={"access_token": self.token, "scope": "read_products", "expires_in": 86399})

    def _run(self, text: str, variables: Node) -> Node:
        document = graphql.parse(text)
        errors = graphql.validate(SCHEMA, document)
        if errors:
            self.problems += [str(error) for error in errors]
            return {"errors": [{"message": error.message, "extensions": {"code": "undefinedField"}} for error in errors]}
        requested = points(document, variables)
        if requested > MOST_POINTS:
            words = f"Query cost is {requested:.0f}, which exceeds the single query max cost limit (1000)."
            return {"errors": [{"message": words, "extensions": {"code": "MAX_COST_EXCEEDED", "cost": requested, "maxCost": 1000}}]}
        self.passes(self.query_s)
        if requested > self.available:
            self.throttled += 1
            return {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": self._cost(requested, None)}
        denied = [field for field in self.denied if re.search(rf"\b{field}\b", text)]
        if denied:
            words = f"Access denied for {denied[0]} field."
            return {"data": None, "errors": [{"message": words, "extensions": {"code": "ACCESS_DENIED"}}]}
        result = graphql.graphql_sync(SCHEMA, text, root_value=self._root(), variable_values=variables)
        self.problems += [str(error) for error in result.errors or ()]
        actual = MUTATION_POINTS if "mutation" in text else min(float(objects(result.data)), requested)
        self.available -= actual
        return {"data": result.data, "extensions": self._cost(requested, actual)}

    def _cost(self, requested: float, actual: float | None) -> Node:
        throttle = {"maximumAvailable": self.maximum, "currentlyAvailable": int(self.available), "restoreRate": self.restored_per_s}
        return {"cost": {"requestedQueryCost": int(requested), "actualQueryCost": actual, "throttleStatus": throttle}}

    def _root(self) -> Node:
        known = {**self.variants, **self.refunds}
        return {
            "shop": {"currencyCode": self.currency, "taxesIncluded": self.taxes_included, "ianaTimezone": "America/New_York"},
            "node": lambda _info, id: self._shown(known.get(id)),  # noqa: A006 - Shopify's name
            "nodes": lambda _info, ids: [known.get(one) for one in ids],
            "order": lambda _info, id: self._order(self.orders[id]),  # noqa: A006 - likewise
            "orders": lambda _info, **asked: self._orders(**asked),
            "productVariants": lambda _info, **asked: self._for_sale(**asked),
            "productVariantsBulkUpdate": lambda _info, **asked: self._update(**asked),
        }

    def _shown(self, node: Node | None) -> Node | None:
        if node is None or "lines" not in node:
            return node
        return {**node, "refundLineItems": lambda _info, **asked: page(enumerate(node["lines"]), **asked)}

    def _order(self, order: Node) -> Node:
        lines = [{**line, "priceAfterAllDiscountsBeforeTaxesSet": bag(line["net"])} for line in order["lines"]]
        return {
            **order,
            "subtotalLineItemsQuantity": sum(line["quantity"] for line in lines),
            "currentSubtotalLineItemsQuantity": sum(line["currentQuantity"] for line in lines),
            "lineItems": lambda _info, **asked: page(enumerate(lines), **asked),
        }

    def _orders(self, *, query: str, sortKey: str, **asked: Any) -> Node:  # noqa: N803 - Shopify's name
        assert sortKey == "UPDATED_AT"
        (since,) = re.fullmatch(r"updated_at:>='(\S+)'", query).groups()  # type: ignore[union-attr]
        found = [order for order in self.orders.values() if order["updatedAt"] >= since]
        shown = page((((order["updatedAt"], number(order["id"])), self._order(order)) for order in found), **asked)
        for happens in self.between_pages[:1]:
            happens()
            self.between_pages.pop(0)
        return shown

    def _for_sale(self, *, query: str, sortKey: str, **asked: Any) -> Node:  # noqa: N803 - Shopify's name
        assert sortKey == "ID"
        (since,) = re.fullmatch(r"product_status:ACTIVE gift_card:false(?: updated_at:>='(\S+)')?", query).groups()  # type: ignore[union-attr]
        found = [one for one in self.variants.values() if one["status"] == "ACTIVE" and one["updatedAt"] >= (since or "")]
        return page(((number(one["id"]), one) for one in found), **asked)

    def _update(self, *, productId: str, variants: list[Node], allowPartialUpdates: bool) -> Node:  # noqa: N803 - Shopify's names
        assert allowPartialUpdates
        self.writes += 1
        errors, written = [], []
        for place, wanted in enumerate(variants):
            variant = self.variants.get(wanted["id"])
            if variant is None or variant["product"]["id"] != productId:
                message = "Product variant does not exist"
                errors.append({"field": ["variants", str(place)], "code": "PRODUCT_VARIANT_DOES_NOT_EXIST", "message": message})
            elif float(wanted["price"]) > 1e6:
                message = "Price must be less than 1000000"
                errors.append({"field": ["variants", str(place), "price"], "code": "INVALID_INPUT", "message": message})
            else:
                variant["price"] = wanted["price"]
                written.append(variant)
        return {"productVariants": written, "userErrors": errors}


def number(gid: str) -> int:
    return int(gid.rpartition("/")[2])


def bag(amount: str) -> Node:
    return {"shopMoney": {"amount": amount, "currencyCode": "USD"}}


def page(things: Any, *, first: int, after: str | None = None) -> Node:
    """By what was seen last, not by counting: as Shopify pages."""
    ordered = sorted(((list(key) if isinstance(key, tuple) else key, thing) for key, thing in things), key=lambda pair: pair[0])
    last = None if after is None else json.loads(base64.b64decode(after))
    behind = [pair for pair in ordered if last is None or pair[0] > last]
    shown = behind[:first]
    cursor = base64.b64encode(json.dumps(shown[-1][0]).encode()).decode() if shown else None
    return {"nodes": [thing for _, thing in shown], "pageInfo": {"hasNextPage": len(behind) > first, "endCursor": cursor}}


def points(document: graphql.DocumentNode, variables: Node) -> float:
    """Objects cost 1, lists so many times what is in them, mutations 10; as Shopify describes it."""

    def inside(parent: Any, selections: graphql.SelectionSetNode | None) -> float:
        total = 0.0
        for node in selections.selections if selections is not None else ():
            if isinstance(node, graphql.InlineFragmentNode):
                total += inside(SCHEMA.type_map[node.type_condition.name.value], node.selection_set)  # type: ignore[union-attr]
                continue
            assert isinstance(node, graphql.FieldNode)
            kind = graphql.get_named_type(parent.fields[node.name.value].type)
            if graphql.is_leaf_type(kind) or kind.name == "PageInfo":
                continue
            given = {argument.name.value: argument.value for argument in node.arguments or ()}
            times = 1.0
            if "first" in given or "ids" in given:
                value = given.get("first", given.get("ids"))
                asked = variables[value.name.value] if isinstance(value, graphql.VariableNode) else int(value.value)  # type: ignore[union-attr]
                times = float(asked if isinstance(asked, int) else len(asked))
            elif node.name.value == "refunds":
                times = float(ASSUMED)
            total += times * (inside(kind, node.selection_set) + (0 if kind.name.endswith("Connection") else 1))
        return total

    (operation,) = (one for one in document.definitions if isinstance(one, graphql.OperationDefinitionNode))
    if operation.operation is graphql.OperationType.MUTATION:
        return MUTATION_POINTS
    return inside(SCHEMA.query_type, operation.selection_set)


def objects(value: Any) -> int:
    """Objects in an answer."""
    if isinstance(value, list):
        return sum(objects(one) for one in value)
    return 1 + sum(objects(one) for one in value.values()) if isinstance(value, dict) else 0
