"""Requests to WooCommerce's REST API v3: addresses, keys, pages, and what a refusal means."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any

from autopilot.clock import Clock
from autopilot.platforms.http import Answer, Courier, Refused, client
from autopilot.platforms.woocommerce.options import Options, Secrets
from autopilot.platforms.woocommerce.signing import signed
from perception.ports import BadAnswer, NeedsReauthorisation

NAMESPACE = "/wc/v3"

PAGE_SIZE = 100
"""The most that WooCommerce gives at once."""

MOST_PAGES = 10_000
"""A list that takes more is going in circles."""

FURTHER_LOOKS = 2
"""So often a list is read again that gets shorter while it is read."""

PERMISSION = "the key needs permission Read/Write and a user who manages the shop (WooCommerce > Settings > Advanced > REST API)"
IS_IT_THERE = "is platform.options.url the site's front page? With plain permalinks, set platform.options.plain_permalinks = true"


class Api:
    """One site's API."""

    def __init__(self, options: Options, keys: Secrets, *, clock: Clock) -> None:
        """Asks nothing yet.

        Args:
            options, keys: Of the site.
            clock: Of this machine: signatures hold for minutes, and a tick may be late.

        Raises:
            ConfigError: A ``ca_file`` that cannot be used.
        """
        self._clock = clock
        self._url, self._plain = options.url, options.plain_permalinks
        key, secret = keys.consumer_key.get_secret_value(), keys.consumer_secret.get_secret_value()
        # over TLS the key goes along, on this very machine without TLS it only signs: WooCommerce takes nothing else
        self._signs_with = None if options.url.startswith("https://") else (key, secret)
        auth = (key, secret) if self._signs_with is None else None
        self._courier = Courier(client(options.url, auth=auth, timeout_s=options.timeout_s, ca_file=options.ca_file))

    def get(self, route: str, params: Mapping[str, object] | None = None, *, now: datetime) -> Answer:
        """What is at a route below ``/wc/v3``. Raises: PlatformError."""
        return self._ask("GET", route, params or {}, now=now)

    def post(self, route: str, body: Any, *, now: datetime) -> Any:
        """The answer to a change. Raises: PlatformError."""
        return self._ask("POST", route, {}, now=now, body=body).body

    def page(self, route: str, params: Mapping[str, object], number: int, *, now: datetime) -> tuple[list[Any], bool, int | None]:
        """One page of a list, whether it is the last one, and how many things there are where the site says so.

        A page may be short of things that the key's user may not see without being the last; without a header that counts pages, only an
        empty page is known to be behind the last one.

        Raises:
            PlatformError.
        """
        answer = self.get(route, {**params, "per_page": PAGE_SIZE, "page": number}, now=now)
        if not isinstance(answer.body, list):
            raise BadAnswer(f"{route}: expected a list, was {type(answer.body).__name__}")
        pages, total = (_count(answer.headers.get(name)) for name in ("x-wp-totalpages", "x-wp-total"))
        return answer.body, number >= pages if pages is not None else not answer.body, total

    def everything(self, route: str, params: Mapping[str, object], *, now: datetime) -> list[Any]:
        """All things of a list that is in order of ids.

        It is read again where some vanish meanwhile, as what stood behind them moves up and is missed.

        Raises:
            PlatformError.
        """
        things, whole = self._look(route, params, now)
        for _ in range(FURTHER_LOOKS):
            if whole:
                break
            things, whole = self._look(route, params, now)
        return things

    def close(self) -> None:
        """Let go of the connections."""
        self._courier.close()

    def _look(self, route: str, params: Mapping[str, object], now: datetime) -> tuple[list[Any], bool]:
        things: list[Any] = []
        whole, least = True, None
        for number in range(1, MOST_PAGES + 1):
            items, last, total = self.page(route, params, number, now=now)
            things += items
            whole = whole and (least is None or total is None or total >= least)
            if last:
                return things, whole
            least = total
        raise BadAnswer(f"{route}: expected at most {MOST_PAGES} pages, was more")

    def _ask(self, method: str, route: str, params: Mapping[str, object], *, now: datetime, body: Any = None) -> Answer:
        path = "/index.php" if self._plain else f"/wp-json{NAMESPACE}{route}"
        query = {name: str(value) for name, value in params.items()}
        if self._plain:
            query = {"rest_route": f"{NAMESPACE}{route}", **query}
        if self._signs_with is not None:
            key, secret = self._signs_with
            at_s = int(self._clock.now().timestamp())
            query = signed(method, self._url + path, query, key=key, secret=secret, at_s=at_s, nonce=secrets.token_hex(16))
        with _explained(route):
            return self._courier.ask(method, path, now=now, params=query, body=body)


@contextmanager
def _explained(route: str) -> Iterator[None]:
    """Says what a person can do about it, where there is something."""
    try:
        yield
    except NeedsReauthorisation as error:
        raise NeedsReauthorisation(f"{route}: {error}; {PERMISSION}") from None
    except Refused as error:
        if error.status == HTTPStatus.NOT_FOUND and not isinstance(error.body, dict):
            raise BadAnswer(f"{error}; {IS_IT_THERE}") from None
        raise
    except BadAnswer as error:
        raise BadAnswer(f"{error}; {IS_IT_THERE}") from None


def _count(value: str | None) -> int | None:
    return int(value) if value is not None and value.isascii() and value.isdigit() else None
