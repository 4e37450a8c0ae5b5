"""A session with Vendure: signs in when there is none, once more when it ran out, and stops where a person must help."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from autopilot.platforms.graphql import data_of, query
from autopilot.platforms.http import Answer, Courier
from autopilot.platforms.vendure.documents import LOGIN
from perception.ports import BadAnswer, NeedsReauthorisation

TOKEN_HEADER = "vendure-auth-token"  # noqa: S105 - where a token is, not what it is
CHANNEL_HEADER = "vendure-token"


class Session:
    """Asks one channel of a server, as one administrator."""

    def __init__(self, courier: Courier, path: str, *, username: SecretStr, password: SecretStr, channel: str | None) -> None:
        """Signed in at the first question.

        Args:
            courier: Reaches the server.
            path: Of the API, below the courier's base URL.
            username, password: Of an administrator.
            channel: Token of the channel; None for the default one.
        """
        self._courier, self._path, self._username, self._password = courier, path, username, password
        self._channel = {} if channel is None else {CHANNEL_HEADER: channel}
        self._token: str | None = None
        self._locked_out: NeedsReauthorisation | None = None
        self._denied: dict[str, NeedsReauthorisation] = {}

    def ask(self, document: str, variables: Mapping[str, Any], *, now: datetime, currency: str | None = None) -> dict[str, Any]:
        """The ``data`` of one operation. An expired session does nothing, so that the operation is asked again after signing in anew.

        Args:
            document, variables: Of the operation.
            now: The instant of the tick, aware UTC.
            currency: In which prices are shown; None for the channel's default.

        Raises:
            NeedsReauthorisation: The administrator cannot sign in, or may not do this; not asked again then.
            SourceUnavailable, RateLimited, BadAnswer, Refused.
        """
        self._check(document)
        fresh = self._token is None
        if not fresh:
            try:
                return self._query(document, variables, currency, now)
            except NeedsReauthorisation:
                self._token = None
        self._sign_in(now)
        try:
            return self._query(document, variables, currency, now)
        except NeedsReauthorisation as error:
            self._denied[document] = error
            raise

    def close(self) -> None:
        """Let go of the connections."""
        self._courier.close()

    def _check(self, document: str) -> None:
        known = self._locked_out or self._denied.get(document)
        if known is not None:
            raise NeedsReauthorisation(f"not asked again since: {known}; renew the credentials or the role's permissions, then restart")

    def _query(self, document: str, variables: Mapping[str, Any], currency: str | None, now: datetime) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._token}", **self._channel}
        path = self._path if currency is None else f"{self._path}?currencyCode={currency}"
        return query(self._courier, path, document, variables, now=now, headers=headers)

    def _sign_in(self, now: datetime) -> None:
        variables = {"username": self._username.get_secret_value(), "password": self._password.get_secret_value()}
        try:
            answer = self._courier.ask("POST", self._path, now=now, body={"query": LOGIN, "variables": variables})
            self._token = _token_of(answer)
        except NeedsReauthorisation as error:
            self._locked_out = error
            raise


def _token_of(answer: Answer) -> str:
    login = data_of(answer, "login").get("login")
    kind = login.get("__typename") if isinstance(login, dict) else None
    if kind != "CurrentUser":
        raise NeedsReauthorisation(f"login: {login.get('message', kind) if isinstance(login, dict) else 'no answer'}")
    token = answer.headers.get(TOKEN_HEADER)
    if not token:
        raise BadAnswer(f"login: expected a header {TOKEN_HEADER}, was none: authOptions.tokenMethod of the server must include 'bearer'")
    return token
