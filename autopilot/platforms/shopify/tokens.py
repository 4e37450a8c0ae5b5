"""Access tokens of an app: one for good, or one a day for the app's id and secret (OAuth 2.0 client credentials, RFC 6749, 4.4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from pydantic import FiniteFloat, SecretStr

from autopilot.platforms.answers import Answer, parsed
from autopilot.platforms.http import Courier

PATH = "/admin/oauth/access_token"

RENEWED_BEFORE = timedelta(minutes=10)
"""Its end."""


class Tokens(Protocol):
    """Gives the token to sign in with."""

    def current(self, *, now: datetime) -> str:
        """One that holds for a while. Raises: PlatformError."""
        ...


class ForGood:
    """A token that does not expire."""

    def __init__(self, token: SecretStr) -> None:
        """The token of a custom app."""
        self._token = token

    def current(self, *, now: datetime) -> str:
        """Always the same."""
        del now
        return self._token.get_secret_value()


class _Granted(Answer):
    access_token: SecretStr
    expires_in: FiniteFloat


class ForADay:
    """Tokens that are asked for when the last one is about to expire."""

    def __init__(self, courier: Courier, *, client_id: SecretStr, client_secret: SecretStr) -> None:
        """Asks nothing yet."""
        self._courier, self._client_id, self._client_secret = courier, client_id, client_secret
        self._token: SecretStr | None = None
        self._until: datetime | None = None

    def current(self, *, now: datetime) -> str:
        """The last one while it holds, else a new one. Raises: PlatformError."""
        if self._token is None or self._until is None or now >= self._until:
            body = {
                "grant_type": "client_credentials",
                "client_id": self._client_id.get_secret_value(),
                "client_secret": self._client_secret.get_secret_value(),
            }
            granted = parsed(_Granted, self._courier.ask("POST", PATH, now=now, body=body).body, PATH)
            self._token = granted.access_token
            self._until = now + max(timedelta(seconds=granted.expires_in) - RENEWED_BEFORE, timedelta(0))
        return self._token.get_secret_value()
