"""A Google Ads API on this machine, with the wheel's own messages: it keeps campaigns, budgets, ad groups and figures, and answers GAQL.

It holds to what bites: amounts must be whole minor units, bids and budgets are never nothing, a partial failure says what went wrong where,
and ``validate_only`` changes nothing.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.ads.googleads.v26.errors.types.errors import ErrorCode, GoogleAdsError, GoogleAdsFailure
from google.ads.googleads.v26.services.types.google_ads_service import (
    GoogleAdsRow,
    MutateGoogleAdsRequest,
    MutateGoogleAdsResponse,
    MutateOperationResponse,
    SearchGoogleAdsStreamRequest,
    SearchGoogleAdsStreamResponse,
)
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.status_pb2 import Status

SERVICE = "google.ads.googleads.v26.services.GoogleAdsService"
FAILURE_KEY = "google.ads.googleads.v26.errors.googleadsfailure-bin"
ROWS_PER_CHUNK = 7
MINOR_UNIT_MICROS = 10_000


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What the next call meets.

    Attributes:
        code: Of gRPC; None to hold the connection until the client gives up.
        error: {family: code name} of a Google Ads error that comes with it.
        retry_s: Of a quota error.
        after: Whether the call has had its effect by then.
        details: In gRPC's own words.
    """

    code: grpc.StatusCode | None = grpc.StatusCode.UNAVAILABLE
    error: dict[str, str] = field(default_factory=dict)
    retry_s: int = 0
    after: bool = False
    details: str = "scripted"


@dataclass(kw_only=True)
class FakeGoogle:
    """State of one account, and what was asked of it."""

    customer: dict[str, Any] = field(default_factory=lambda: {"currency_code": "GBP", "time_zone": "Europe/London"})
    campaigns: dict[int, dict[str, Any]] = field(default_factory=dict)
    budgets: dict[int, dict[str, Any]] = field(default_factory=dict)
    ad_groups: dict[int, dict[str, Any]] = field(default_factory=dict)
    figures: dict[tuple[str, int], dict[str, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    """By (date, ad group)."""
    shown: dict[tuple[str, str, int], dict[str, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    """By (date, item id, campaign)."""
    faults: dict[str, deque[Fault]] = field(default_factory=lambda: {"search": deque(), "mutate": deque()})
    refusals: dict[str, dict[str, str]] = field(default_factory=dict)
    """{end of a resource name: {family: code}} of things that refuse to be changed."""
    queries: list[str] = field(default_factory=list)
    mutations: list[MutateGoogleAdsRequest] = field(default_factory=list)
    metadata: list[dict[str, Any]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def campaign(
        self,
        number: int,
        name: str,
        *,
        budget: int,
        pounds: float,
        strategy: str = "MANUAL_CPC",
        channel: str = "SEARCH",
        period: str = "DAILY",
    ) -> None:
        """A running campaign on a budget, which is made if there is none of that id."""
        self.campaigns[number] = {
            "id": number,
            "name": name,
            "status": "ENABLED",
            "bidding_strategy_type": strategy,
            "advertising_channel_type": channel,
            "budget": budget,
        }
        self.budgets.setdefault(budget, {"id": budget, "amount_micros": round(pounds * 1_000_000), "period": period})

    def ad_group(self, number: int, name: str, *, campaign: int, pence: int) -> None:
        """A running ad group."""
        self.ad_groups[number] = {"id": number, "name": name, "status": "ENABLED", "cpc_bid_micros": pence * 10_000, "campaign": campaign}

    def search(self, request: SearchGoogleAdsStreamRequest, context: grpc.ServicerContext) -> Iterator[SearchGoogleAdsStreamResponse]:
        self._meet("search", context, after=False)
        self.queries.append(request.query)
        self.metadata.append(dict(context.invocation_metadata()))
        rows = self._answer(request.query, context)
        for start in range(0, len(rows), ROWS_PER_CHUNK):
            yield SearchGoogleAdsStreamResponse(results=rows[start : start + ROWS_PER_CHUNK])
        self._meet("search", context, after=True)

    def mutate(self, request: MutateGoogleAdsRequest, context: grpc.ServicerContext) -> MutateGoogleAdsResponse:
        self._meet("mutate", context, after=False)
        self.mutations.append(request)
        errors, results = [], []
        for place, operation in enumerate(request.mutate_operations):
            kind = type(operation).pb(operation).WhichOneof("operation")
            wrong = self._wrong(kind, getattr(operation, kind))
            if wrong:
                errors.append(_error(wrong, place))
                results.append(MutateOperationResponse())
            else:
                results.append(self._applied(kind, getattr(operation, kind), dry=request.validate_only))
        self._meet("mutate", context, after=True)
        answer = MutateGoogleAdsResponse(mutate_operation_responses=[] if request.validate_only else results)
        if errors:
            assert request.partial_failure
            failure = AnyMessage(
                type_url=f"type.googleapis.com/{GoogleAdsFailure.meta.full_name}",
                value=GoogleAdsFailure.serialize(GoogleAdsFailure(errors=errors)),
            )
            MutateGoogleAdsResponse.pb(answer).partial_failure_error.CopyFrom(Status(code=3, message="some failed", details=[failure]))
        return answer

    def _wrong(self, kind: str, operation: Any) -> dict[str, str]:
        name, values = operation.update.resource_name, {path: getattr(operation.update, path) for path in operation.update_mask.paths}
        for ending, refusal in self.refusals.items():
            if name.endswith(ending):
                return refusal
        if int(name.rpartition("/")[2]) not in self._table(kind):
            return {"mutate_error": "RESOURCE_NOT_FOUND"}
        amount = values.get("amount_micros", values.get("cpc_bid_micros"))
        if amount is not None and amount <= 0:
            return {"campaign_budget_error": "MONEY_AMOUNT_TOO_SMALL"} if "amount_micros" in values else {"bidding_error": "BID_TOO_SMALL"}
        if amount is not None and amount % MINOR_UNIT_MICROS:
            return {"campaign_budget_error": "NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"}
        return {}

    def _applied(self, kind: str, operation: Any, *, dry: bool) -> MutateOperationResponse:
        name = operation.update.resource_name
        thing = self._table(kind)[int(name.rpartition("/")[2])]
        if not dry:
            for path in operation.update_mask.paths:
                value = getattr(operation.update, path)
                thing[path] = value.name if hasattr(value, "name") else value
        return MutateOperationResponse({kind.replace("_operation", "_result"): {"resource_name": name}})

    def _table(self, kind: str) -> dict[int, dict[str, Any]]:
        tables = {"campaign_budget_operation": self.budgets, "campaign_operation": self.campaigns, "ad_group_operation": self.ad_groups}
        return tables[kind]

    def _meet(self, method: str, context: grpc.ServicerContext, *, after: bool) -> None:
        waiting = self.faults[method]
        if not waiting or waiting[0].after is not after:
            return
        fault = waiting.popleft()
        if fault.code is None:
            self.released.wait(timeout=5.0)
            context.abort(grpc.StatusCode.CANCELLED, "released")
        if fault.error:
            failure = GoogleAdsFailure(errors=[_error(fault.error, None, retry_s=fault.retry_s)])
            context.set_trailing_metadata(((FAILURE_KEY, GoogleAdsFailure.serialize(failure)), ("request-id", "r1")))
        context.abort(fault.code, fault.details)

    def _answer(self, query: str, context: grpc.ServicerContext) -> list[GoogleAdsRow]:
        found = re.fullmatch(r"SELECT (.+) FROM (\w+)(?: WHERE (.+))?", query)
        assert found, query
        fields, conditions = found[1].split(", "), _conditions(found[3] or "")
        rows = []
        for flat in self._flat(found[2]):
            if all(holds(flat) for holds in conditions):
                row = GoogleAdsRow()
                for path in fields:
                    _set(row, path, flat.get(path))
                rows.append(row)
        return rows

    def _flat(self, resource: str) -> Iterator[dict[str, Any]]:
        if resource == "customer":
            yield {f"customer.{name}": value for name, value in self.customer.items()}
        elif resource == "campaign" and self.queries[-1].startswith("SELECT segments"):
            yield from self._costs()
        elif resource == "campaign":
            yield from (self._of_campaign(number) for number in self.campaigns)
        elif resource == "ad_group" and not self.queries[-1].startswith("SELECT segments"):
            yield from (self._of_group(number) for number in self.ad_groups)
        elif resource == "ad_group":
            for (day, group), figures in sorted(self.figures.items()):
                yield self._of_group(group) | {"segments.date": day} | {f"metrics.{name}": value for name, value in figures.items()}
        elif resource == "shopping_performance_view":
            for (day, item, campaign), figures in sorted(self.shown.items()):
                metrics = {f"metrics.{name}": value for name, value in figures.items()}
                yield self._of_campaign(campaign) | metrics | {"segments.date": day, "segments.product_item_id": item}
        else:
            raise AssertionError(resource)

    def _costs(self) -> Iterator[dict[str, Any]]:
        """What each campaign cost by the day: its ad groups, and what it showed from a feed."""
        costs: dict[tuple[str, int], float] = defaultdict(float)
        for (day, group), figures in self.figures.items():
            costs[day, self.ad_groups[group]["campaign"]] += figures["cost_micros"]
        for (day, _, campaign), figures in self.shown.items():
            costs[day, campaign] += figures["cost_micros"]
        for (day, campaign), cost in sorted(costs.items()):
            yield self._of_campaign(campaign) | {"segments.date": day, "metrics.cost_micros": cost}

    def _of_campaign(self, number: int) -> dict[str, Any]:
        campaign = self.campaigns[number]
        budget = {f"campaign_budget.{name}": value for name, value in self.budgets[campaign["budget"]].items()}
        return {f"campaign.{name}": value for name, value in campaign.items() if name != "budget"} | budget

    def _of_group(self, number: int) -> dict[str, Any]:
        group = self.ad_groups[number]
        return self._of_campaign(group["campaign"]) | {f"ad_group.{name}": value for name, value in group.items() if name != "campaign"}


Condition = Callable[[dict[str, Any]], bool]


def _conditions(text: str) -> list[Condition]:
    return [
        *(_between(*found) for found in re.findall(r"([\w.]+) BETWEEN '([^']+)' AND '([^']+)'", text)),
        *(_among(name, ids.split(", ")) for name, ids in re.findall(r"([\w.]+) IN \(([^)]*)\)", text)),
        *(_unlike(*found) for found in re.findall(r"([\w.]+) != '([^']+)'", text)),
    ]


def _between(name: str, first: str, last: str) -> Condition:
    return lambda row: first <= row[name] <= last


def _among(name: str, ids: list[str]) -> Condition:
    return lambda row: str(row[name]) in ids


def _unlike(name: str, value: str) -> Condition:
    return lambda row: bool(row[name] != value)


def _set(row: GoogleAdsRow, path: str, value: Any) -> None:
    """A field that the messages do not know raises, as Google refuses a query for it."""
    resource, _, name = path.partition(".")
    message = getattr(row, resource)
    assert name in type(message).meta.fields, path
    if value is not None:
        kind = type(getattr(message, name))
        setattr(message, name, kind[value] if isinstance(value, str) and hasattr(kind, "__members__") else kind(value))


def _error(code: dict[str, str], place: int | None, *, retry_s: int = 0) -> GoogleAdsError:
    ((family, name),) = code.items()
    kind = ErrorCode.pb(ErrorCode()).DESCRIPTOR.fields_by_name[family].enum_type.values_by_name[name].number
    location = [] if place is None else [{"field_name": "mutate_operations", "index": place}, {"field_name": "update"}]
    quota = {"rate_name": "Operations per day", "retry_delay": {"seconds": retry_s}}
    return GoogleAdsError(
        error_code={family: kind},
        message=f"It was refused: {name}.",
        location={"field_path_elements": location},
        details={"quota_error_details": quota} if retry_s else {},
    )


@contextmanager
def serving(google: FakeGoogle) -> Iterator[str]:
    """The account served on 127.0.0.1; gives host and port."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    handlers = {
        "SearchStream": grpc.unary_stream_rpc_method_handler(
            google.search,
            request_deserializer=SearchGoogleAdsStreamRequest.deserialize,
            response_serializer=SearchGoogleAdsStreamResponse.serialize,
        ),
        "Mutate": grpc.unary_unary_rpc_method_handler(
            google.mutate,
            request_deserializer=MutateGoogleAdsRequest.deserialize,
            response_serializer=MutateGoogleAdsResponse.serialize,
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        google.released.set()
        server.stop(grace=None).wait()
