"""Every way in which a platform can fail to answer has the name of what to do about it, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from autopilot.platforms import http
from autopilot.platforms.http import Courier, Refused
from perception.ports import BadAnswer, NeedsReauthorisation, PlatformError, RateLimited, SourceUnavailable
from tests.unit.autopilot.platforms.local_http import LocalServer, Reply, serving

NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)


@contextmanager
def asking(*replies: Reply) -> Iterator[tuple[Courier, LocalServer]]:
    with serving(*replies) as server, httpx.Client(base_url=server.url, timeout=0.3) as client:
        yield Courier(client), server


def test_an_answer_is_its_json_and_its_headers() -> None:
    with asking(Reply(body=b'{"orders": [1]}', headers={"X-Total": "1"})) as (courier, server):
        answer = courier.ask("POST", "/orders", now=NOW, params={"page": 2}, body={"name": "å"})

    assert answer.body == {"orders": [1]}
    assert answer.headers["x-total"] == "1"
    assert server.asked == [("POST", "/orders?page=2", '{"name":"å"}'.encode())]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(status=500), SourceUnavailable),
        (Reply(status=503), SourceUnavailable),
        (Reply(status=408), SourceUnavailable),
        (Reply(status=429), RateLimited),
        (Reply(status=401), NeedsReauthorisation),
        (Reply(status=403, body=b"no such right"), NeedsReauthorisation),
        (Reply(status=400), Refused),
        (Reply(status=404), Refused),
        (Reply(status=422), Refused),
        (Reply(status=301, headers={"location": "https://elsewhere.example"}), Refused),
        (Reply(body=b"<html>maintenance</html>"), BadAnswer),
        (Reply(body=b""), BadAnswer),
        (Reply(hang=True), SourceUnavailable),
        (Reply(cut=True), SourceUnavailable),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else f"{value.status}{' hangs' * value.hang}{' cut' * value.cut}",
)
def test_each_failure_has_the_name_of_its_reaction(reply: Reply, expected: type[PlatformError]) -> None:
    with asking(reply) as (courier, _), pytest.raises(PlatformError) as caught:
        courier.ask("GET", "/orders", now=NOW, params={"key": "very-secret"})

    assert type(caught.value) is expected
    assert str(caught.value).startswith("GET /orders: ")
    assert "very-secret" not in str(caught.value)


def test_a_platform_that_is_not_there_is_unavailable() -> None:
    with serving(Reply()) as server:
        url = server.url

    with httpx.Client(base_url=url) as client, pytest.raises(SourceUnavailable):
        Courier(client).ask("GET", "/", now=NOW)


def test_a_refusal_keeps_what_was_said() -> None:
    with asking(Reply(status=400, body=b'{"code": "bad_price"}')) as (courier, _), pytest.raises(Refused) as caught:
        courier.ask("PUT", "/products/1", now=NOW, body={})

    assert (caught.value.status, caught.value.body) == (400, {"code": "bad_price"})
    assert "bad_price" in str(caught.value)


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER_BYTES", 1_000)

    with asking(Reply(body=b'"' + b"x" * 2_000 + b'"')) as (courier, _), pytest.raises(BadAnswer, match="at most 1000 bytes"):
        courier.ask("GET", "/", now=NOW)


def test_after_a_429_the_platform_is_not_asked_until_its_time_is_up() -> None:
    with asking(Reply(status=429, headers={"retry-after": "30"}), Reply()) as (courier, server):
        for _ in range(3):
            with pytest.raises(RateLimited):
                courier.ask("GET", "/", now=NOW)
        courier.ask("GET", "/", now=NOW.replace(second=31))

    assert len(server.asked) == 2


def test_after_a_401_the_platform_is_not_asked_again() -> None:
    with asking(Reply(status=401), Reply()) as (courier, server):
        for _ in range(3):
            with pytest.raises(NeedsReauthorisation):
                courier.ask("GET", "/", now=NOW)

    assert len(server.asked) == 1


def test_refusals_do_not_open_the_circuit() -> None:
    with asking(Reply(status=404)) as (courier, server):
        for _ in range(10):
            with pytest.raises(Refused):
                courier.ask("GET", "/", now=NOW)

    assert len(server.asked) == 10


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 1.0),
        ("-5", 1.0),
        ("Sat, 28 Nov 2026 12:02:00 GMT", 120.0),
        ("Sat, 28 Nov 2026 11:00:00 GMT", 1.0),
        ("1e99", http.LONGEST_RETRY_AFTER_S),
        ("nan", http.RETRY_AFTER_S),
        ("soon", http.RETRY_AFTER_S),
        ("Foo, 99 GMT", http.RETRY_AFTER_S),
        (None, http.RETRY_AFTER_S),
    ],
)
def test_retry_after_is_understood_or_a_minute(value: Any, seconds: float) -> None:
    assert http.retry_after_s(value, NOW) == seconds


def test_the_client_of_adapters_goes_where_it_was_sent_and_nowhere_else() -> None:
    with serving(Reply()) as elsewhere, serving(Reply(status=302, headers={"location": elsewhere.url})) as server:
        with http.client(server.url, headers={"authorization": "Bearer very-secret"}) as client, pytest.raises(Refused):
            Courier(client).ask("GET", "/", now=NOW)

        assert elsewhere.asked == []
