"""The one door to the official client: searches and changes of one account, with time limits, a breaker, and failures by name.

The client's own retries are off, both here and in the channel: whether a write is sent again is for the loop to say, who reads back first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import grpc
from google.ads.googleads.errors import GoogleAdsException
from google.ads.googleads.interceptors import ExceptionInterceptor, MetadataInterceptor
from google.ads.googleads.v26.services.services.google_ads_service import GoogleAdsServiceClient
from google.ads.googleads.v26.services.services.google_ads_service.transports.grpc import GoogleAdsServiceGrpcTransport
from google.ads.googleads.v26.services.types.google_ads_service import (
    MutateGoogleAdsRequest,
    MutateOperation,
    SearchGoogleAdsStreamRequest,
)
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.oauth2.credentials import Credentials as OAuthCredentials

from autopilot.platforms.breaker import Breaker
from autopilot.platforms.google_ads import failures
from autopilot.platforms.google_ads.change import Change, Resource
from perception.ports import BadAnswer, NeedsReauthorisation, SourceUnavailable

VERSION: Final = "v26"

SEARCH_S = 120.0
CHANGE_S = 60.0
"""Longest that a call may take in all."""

MOST_ROWS = 2_000_000
"""Of one answer: more is a query gone wrong."""

_CHANNEL: Final = (
    ("grpc.enable_retries", 0),
    ("grpc.max_metadata_size", 16 * 1024 * 1024),
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """How to sign in; never shown."""

    developer_token: str
    client_id: str
    client_secret: str
    refresh_token: str


def channel_to(endpoint: str | None, *, credentials: Credentials, login_customer_id: str | None) -> grpc.Channel:
    """A channel to Google, or without encryption to a server on this machine; nothing is sent yet."""
    if endpoint is None:
        signed_in = OAuthCredentials(
            None,
            refresh_token=credentials.refresh_token,
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            token_uri="https://oauth2.googleapis.com/token",  # noqa: S106 - where tokens are fetched, not a token
        )
        transport = GoogleAdsServiceGrpcTransport
        bare = transport.create_channel(host=transport.DEFAULT_HOST, credentials=signed_in, options=_CHANNEL)
    else:
        bare = grpc.insecure_channel(endpoint, options=_CHANNEL)
    return grpc.intercept_channel(
        bare,
        MetadataInterceptor(credentials.developer_token, login_customer_id),
        ExceptionInterceptor(VERSION, use_proto_plus=True),
    )


class AdsClient:
    """One account."""

    def __init__(
        self,
        channel: grpc.Channel,
        *,
        customer_id: str,
        search_s: float = SEARCH_S,
        change_s: float = CHANGE_S,
        breaker: Breaker | None = None,
    ) -> None:
        """Over a channel made by ``channel_to``; ``search_s`` and ``change_s`` limit each call, in seconds."""
        self.customer_id = customer_id
        self._channel, self._search_s, self._change_s, self._breaker = channel, search_s, change_s, breaker or Breaker()
        self._service = GoogleAdsServiceClient(transport=GoogleAdsServiceGrpcTransport(channel=channel))

    def search(self, query: str, *, now: datetime) -> tuple[Any, ...]:
        """Every row of a query, as bare messages (``GoogleAdsRow``), which are much faster to read than wrapped ones.

        Raises:
            SourceUnavailable, RateLimited, NeedsReauthorisation, BadAnswer, Refused.
        """
        request = SearchGoogleAdsStreamRequest(customer_id=self.customer_id, query=query)
        return self._breaker.guarded(lambda: _named(lambda: tuple(self._rows(request)), "search"), now)

    def change(self, changes: Sequence[Change], *, now: datetime, validate_only: bool = False) -> tuple[str, ...]:
        """Make changes, each by itself: what was wrong with each, "" for nothing.

        Args:
            changes: All of them are sent in one request, once.
            now: The instant of the tick, aware UTC.
            validate_only: Only ask whether they could be made.

        Raises:
            SourceUnavailable: Nobody knows what became of them.
            RateLimited, NeedsReauthorisation: None was made.
            Refused: The request as a whole was refused; none was made.
            BadAnswer: The answer does not fit the request; nobody knows what became of them.
        """
        request = MutateGoogleAdsRequest(
            customer_id=self.customer_id,
            mutate_operations=[_operation(change, self.customer_id) for change in changes],
            partial_failure=True,
            validate_only=validate_only,
        )
        return self._breaker.guarded(lambda: _named(lambda: self._changed(request, len(changes)), "change"), now)

    def close(self) -> None:
        """Let go of the connection."""
        self._channel.close()

    def _rows(self, request: SearchGoogleAdsStreamRequest) -> Iterator[Any]:
        count = 0
        for answer in self._service.search_stream(request=request, retry=None, timeout=self._search_s):
            rows = type(answer).pb(answer).results
            count += len(rows)
            if count > MOST_ROWS:
                raise BadAnswer(f"search: expected at most {MOST_ROWS} rows, was more")
            yield from rows

    def _changed(self, request: MutateGoogleAdsRequest, count: int) -> tuple[str, ...]:
        answer = self._service.mutate(request=request, retry=None, timeout=self._change_s)
        message = type(answer).pb(answer)
        wrong = failures.by_operation(message.partial_failure_error, count)
        if request.validate_only:
            return tuple(wrong.get(place, "") for place in range(count))
        results = message.mutate_operation_responses
        if len(results) != count:
            raise BadAnswer(f"change: expected {count} results, was {len(results)}")
        made = [result.WhichOneof("response") is not None for result in results]
        exhausted = failures.out_of_quota(message.partial_failure_error, "change")
        if exhausted is not None and not any(made):
            raise exhausted
        return tuple("" if done else wrong.get(place, "no result") for place, done in enumerate(made))


def _named(call: Callable[[], T], what: str) -> T:
    try:
        return call()
    except (GoogleAdsException, GoogleAPICallError, grpc.RpcError) as error:
        raise failures.named(error, what) from None
    except RefreshError as error:
        raise NeedsReauthorisation(f"{what}: sign-in was refused: {type(error).__name__}") from None
    except GoogleAuthError as error:
        # only its class: the text may quote what was sent
        raise SourceUnavailable(f"{what}: sign-in failed: {type(error).__name__}") from None


def _operation(change: Change, customer_id: str) -> MutateOperation:
    name = f"customers/{customer_id}/{_COLLECTIONS[change.resource]}/{change.id}"
    update = {"resource_name": name, **change.values}
    return MutateOperation({f"{change.resource}_operation": {"update": update, "update_mask": {"paths": sorted(change.values)}}})


_COLLECTIONS: Final = {Resource.BUDGET: "campaignBudgets", Resource.CAMPAIGN: "campaigns", Resource.AD_GROUP: "adGroups"}
