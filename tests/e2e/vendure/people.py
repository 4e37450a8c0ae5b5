"""The people of a Vendure shop: the merchant, who uses the Admin API as its dashboard does, and buyers, who use the Shop API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import httpx

TOKEN = "vendure-auth-token"

Json = dict[str, Any]


class Api:
    """One API of the server, as one visitor."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=60.0, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, document: str, *, headers: Mapping[str, str] | None = None, **variables: Any) -> Any:
        """The one field of the operation's data; anything but success fails the test."""
        response = self._client.post("", json={"query": document, "variables": variables}, headers=headers)
        body = response.json()
        assert "errors" not in body, body["errors"]
        if TOKEN in response.headers:
            self._client.headers["authorization"] = f"Bearer {response.headers[TOKEN]}"
        (answer,) = body["data"].values()
        assert not (isinstance(answer, dict) and "errorCode" in answer), answer
        return answer


WRONG = "... on ErrorResult { errorCode message }"

LINES = "lines { id quantity proratedLinePrice productVariant { id } }"


class Merchant(Api):
    """An administrator."""

    def __init__(self, address: str, *, username: str, password: str) -> None:
        super().__init__(f"{address}/admin-api")
        self.ask(
            f"mutation($u: String!, $p: String!) {{ login(username: $u, password: $p) {{ ... on CurrentUser {{ id }} {WRONG} }} }}",
            u=username,
            p=password,
        )

    def open_shop(self, *, currency: str, tax_percent: float, prices_include_tax: bool = False) -> None:
        """Everything that a fresh server needs before anything can be sold."""
        country = self.ask(
            "mutation($i: CreateCountryInput!) { createCountry(input: $i) { id } }",
            i={"code": "GB", "enabled": True, "translations": [{"languageCode": "en", "name": "United Kingdom"}]},
        )
        zone = self.ask("mutation($i: CreateZoneInput!) { createZone(input: $i) { id } }", i={"name": "UK", "memberIds": [country["id"]]})
        category = self.ask(
            "mutation($i: CreateTaxCategoryInput!) { createTaxCategory(input: $i) { id } }", i={"name": "Standard", "isDefault": True}
        )
        rate = {"name": "VAT", "enabled": True, "value": tax_percent, "categoryId": category["id"], "zoneId": zone["id"]}
        self.ask("mutation($i: CreateTaxRateInput!) { createTaxRate(input: $i) { id } }", i=rate)
        channel = self.ask("{ activeChannel { id } }")
        self.ask(
            f"mutation($i: UpdateChannelInput!) {{ updateChannel(input: $i) {{ ... on Channel {{ id }} {WRONG} }} }}",
            i={
                "id": channel["id"],
                "defaultTaxZoneId": zone["id"],
                "defaultShippingZoneId": zone["id"],
                "defaultCurrencyCode": currency,
                "availableCurrencyCodes": [currency],
                "pricesIncludeTax": prices_include_tax,
            },
        )
        shipping = {
            "code": "post",
            "fulfillmentHandler": "manual-fulfillment",
            "checker": _operation("default-shipping-eligibility-checker", orderMinimum="0"),
            "calculator": _operation("default-shipping-calculator", rate="300", includesTax="exclude", taxRate="0"),
            "translations": [{"languageCode": "en", "name": "Post", "description": ""}],
        }
        self.ask("mutation($i: CreateShippingMethodInput!) { createShippingMethod(input: $i) { id } }", i=shipping)
        payment = {
            "code": "card",
            "enabled": True,
            "handler": _operation("dummy-payment-handler", automaticSettle="true"),
            "translations": [{"languageCode": "en", "name": "Card", "description": ""}],
        }
        self.ask("mutation($i: CreatePaymentMethodInput!) { createPaymentMethod(input: $i) { id } }", i=payment)

    def hire(self, *, username: str, password: str, permissions: Sequence[str]) -> None:
        """A further administrator, who may do so much and no more."""
        channel = self.ask("{ activeChannel { id } }")
        role = self.ask(
            "mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }",
            i={"code": username, "description": username, "permissions": list(permissions), "channelIds": [channel["id"]]},
        )
        person = {"emailAddress": username, "firstName": "Auto", "lastName": "Pilot", "password": password, "roleIds": [role["id"]]}
        self.ask("mutation($i: CreateAdministratorInput!) { createAdministrator(input: $i) { id } }", i=person)

    def add_product(self, name: str, *, sku: str, price: int, stock: int, unit_cost: int | None) -> str:
        """Its one variant's id."""
        product = self.ask(
            "mutation($i: CreateProductInput!) { createProduct(input: $i) { id } }",
            i={"translations": [{"languageCode": "en", "name": name, "slug": sku.lower() or name.lower(), "description": ""}]},
        )
        variant = {
            "productId": product["id"],
            "sku": sku,
            "price": price,
            "stockOnHand": stock,
            "trackInventory": "TRUE",
            "customFields": {"unitCost": unit_cost},
            "translations": [{"languageCode": "en", "name": name}],
        }
        (created,) = self.ask("mutation($i: [CreateProductVariantInput!]!) { createProductVariants(input: $i) { id } }", i=[variant])
        return str(created["id"])

    def set_price(self, variant: str, price: int) -> None:
        """By hand, as typed into the dashboard."""
        self.ask(
            "mutation($i: [UpdateProductVariantInput!]!) { updateProductVariants(input: $i) { id } }", i=[{"id": variant, "price": price}]
        )

    def add_channel(self, token: str, *, prices_include_tax: bool) -> None:
        """A further channel that sells everything."""
        default = self.ask("{ activeChannel { id defaultTaxZone { id } defaultCurrencyCode } }")
        channel = self.ask(
            f"mutation($i: CreateChannelInput!) {{ createChannel(input: $i) {{ ... on Channel {{ id }} {WRONG} }} }}",
            i={
                "code": token,
                "token": token,
                "defaultLanguageCode": "en",
                "defaultCurrencyCode": default["defaultCurrencyCode"],
                "pricesIncludeTax": prices_include_tax,
                "defaultTaxZoneId": default["defaultTaxZone"]["id"],
                "defaultShippingZoneId": default["defaultTaxZone"]["id"],
            },
        )
        products = [product["id"] for product in self.ask("{ products { items { id } } }")["items"]]
        self.ask(
            "mutation($i: AssignProductsToChannelInput!) { assignProductsToChannel(input: $i) { id } }",
            i={"productIds": products, "channelId": channel["id"]},
        )

    def prices(self, *, channel: str = "") -> dict[str, int]:
        """{SKU: price that stands, without tax}."""
        return {item["sku"]: item["price"] for item in self._variants(channel)}

    def prices_with_tax(self, *, channel: str = "") -> dict[str, int]:
        """{SKU: what buyers pay}."""
        return {item["sku"]: item["priceWithTax"] for item in self._variants(channel)}

    def _variants(self, channel: str) -> list[Json]:
        headers = {"vendure-token": channel} if channel else {}
        items: list[Json] = self.ask("{ productVariants { items { sku price priceWithTax } } }", headers=headers)["items"]
        return items

    def orders(self) -> list[Json]:
        """All that were placed."""
        document = f"""query($o: OrderListOptions) {{ orders(options: $o) {{ items {{
            id state updatedAt orderPlacedAt {LINES} payments {{ id }} }} }} }}"""
        listed = self.ask(document, o={"take": 1000, "filter": {"orderPlacedAt": {"isNull": False}}})
        items: list[Json] = listed["items"]
        return items

    def cancel(self, order: Json, quantities: Mapping[str, int] | None = None) -> None:
        """The whole order, or so many units of some of its lines."""
        lines = None if quantities is None else [{"orderLineId": line, "quantity": count} for line, count in quantities.items()]
        self.ask(
            f"mutation($i: CancelOrderInput!) {{ cancelOrder(input: $i) {{ ... on Order {{ id state }} {WRONG} }} }}",
            i={"orderId": order["id"], "reason": "asked for", **({} if lines is None else {"lines": lines})},
        )

    def refund(self, order: Json, quantities: Mapping[str, int]) -> None:
        """Money back for so many units of these lines, and nothing else."""
        lines = [{"orderLineId": line, "quantity": count} for line, count in quantities.items()]
        self.ask(
            f"mutation($i: RefundOrderInput!) {{ refundOrder(input: $i) {{ ... on Refund {{ id state }} {WRONG} }} }}",
            i={"paymentId": order["payments"][0]["id"], "lines": lines, "shipping": 0, "adjustment": 0, "reason": "came back"},
        )


class Buyer(Api):
    """Somebody who buys without an account."""

    def __init__(self, address: str, name: str) -> None:
        super().__init__(f"{address}/shop-api")
        self._name = name

    def fill_cart(self, basket: Sequence[tuple[str, int]]) -> None:
        """These variants, up to the moment of paying."""
        for variant, quantity in basket:
            self.ask(
                f"""mutation($v: ID!, $q: Int!) {{ addItemToOrder(productVariantId: $v, quantity: $q) {{
                    ... on Order {{ id }} {WRONG} }} }}""",
                v=variant,
                q=quantity,
            )
        self.ask(
            f"mutation($i: CreateCustomerInput!) {{ setCustomerForOrder(input: $i) {{ ... on Order {{ id }} {WRONG} }} }}",
            i={"firstName": self._name, "lastName": "Buyer", "emailAddress": f"{self._name.lower()}@buyers.example"},
        )
        self.ask(
            f"mutation($i: CreateAddressInput!) {{ setOrderShippingAddress(input: $i) {{ ... on Order {{ id }} {WRONG} }} }}",
            i={"streetLine1": "1 High Street", "city": "London", "postalCode": "N1 1AA", "countryCode": "GB"},
        )
        (method, *_) = self.ask("{ eligibleShippingMethods { id } }")
        self.ask(
            f"mutation($m: [ID!]!) {{ setOrderShippingMethod(shippingMethodId: $m) {{ ... on Order {{ id }} {WRONG} }} }}", m=[method["id"]]
        )
        self.ask(f'mutation {{ transitionOrderToState(state: "ArrangingPayment") {{ ... on Order {{ id }} {WRONG} }} }}')

    def pay(self) -> Json:
        """Places the order."""
        order: Json = self.ask(
            f"""mutation {{ addPaymentToOrder(input: {{ method: "card", metadata: {{}} }}) {{
                ... on Order {{ id code state orderPlacedAt {LINES} }} {WRONG} }} }}"""
        )
        return order


def _operation(code: str, **arguments: str) -> Json:
    return {"code": code, "arguments": [{"name": name, "value": value} for name, value in arguments.items()]}
