"""What the official client raises, named by the reaction it calls for (``perception.ports``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import grpc
from google.ads.googleads.errors import GoogleAdsException
from google.ads.googleads.v26.errors.types.errors import GoogleAdsFailure
from google.api_core.exceptions import GoogleAPICallError
from google.protobuf.message import DecodeError

from autopilot.platforms.http import LONGEST_RETRY_AFTER_S, QUOTED_CHARS, RETRY_AFTER_S, Refused
from perception.ports import BadAnswer, NeedsReauthorisation, PlatformError, RateLimited, SourceUnavailable

FAILURE_KEY: Final = "google.ads.googleads.v26.errors.googleadsfailure-bin"
"""Trailing metadata that hold what went wrong. The client makes an exception of its own of them, but not for every status."""

LOCKED_OUT: Final = frozenset({"authentication_error", "authorization_error"})
"""Families of errors that only a person can put right."""

THEIR_FAULT: Final = frozenset({"INTERNAL_ERROR", "TRANSIENT_ERROR", "DEADLINE_EXCEEDED", "CONCURRENT_MODIFICATION"})

NO_SUCH_ACCESS: Final = frozenset({"ACCESS_PROHIBITED"})
"""Of the quota errors, the one that waiting does not help against."""

_BY_STATUS: Final = {
    grpc.StatusCode.UNAUTHENTICATED: NeedsReauthorisation,
    grpc.StatusCode.PERMISSION_DENIED: NeedsReauthorisation,
    grpc.StatusCode.UNIMPLEMENTED: BadAnswer,
    grpc.StatusCode.DATA_LOSS: BadAnswer,
}
_REFUSED: Final = frozenset(
    {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.OUT_OF_RANGE,
    }
)
_REVOKED: Final = "invalid_grant"
"""What Google's sign-in says of a refresh token that no longer holds; gRPC calls that UNAVAILABLE."""


def named(error: Exception, what: str) -> PlatformError:
    """The failure of one call.

    Args:
        error: ``GoogleAdsException``, ``GoogleAPICallError`` or ``grpc.RpcError``.
        what: The call, for the message.
    """
    call = _call_of(error)
    status, details = call.code(), str(call.details() or "")[:QUOTED_CHARS]
    failure = _bare(error.failure) if isinstance(error, GoogleAdsException) else _failure_in(call.trailing_metadata())
    errors = () if failure is None else tuple(failure.errors)
    words = f"{what}: {status.name}: " + ("; ".join(said(one) for one in errors[:3]) or details)
    for one in errors:
        reaction = _reaction(one, words)
        if reaction is not None:
            return reaction
    if status is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return RateLimited(words, retry_after_s=RETRY_AFTER_S)
    if status in _BY_STATUS or _REVOKED in details:
        return _BY_STATUS.get(status, NeedsReauthorisation)(words)
    if status in _REFUSED:
        return Refused(words, status=status.value[0], body=[said(one) for one in errors])
    return SourceUnavailable(words)


def said(error: Any) -> str:
    """One error in Google's own words, on one line."""
    family, code = _code(error)
    return f"{family}.{code}: {' '.join(error.message.split())[:QUOTED_CHARS]}"


def by_operation(status: Any, operations: int) -> dict[int, str]:
    """{place: what was wrong} of a partial failure; what names no place is said of all that have nothing else.

    Raises:
        BadAnswer: The failure cannot be read.
    """
    found: dict[int, str] = {}
    general = ""
    for error in _errors_in(status.details):
        place = next((part.index for part in error.location.field_path_elements if part.field_name.endswith("operations")), None)
        if place is None:
            general = general or said(error)
        else:
            found.setdefault(int(place), said(error))
    if status.code and not found and not general:
        general = f"partial failure: {' '.join(status.message.split())[:QUOTED_CHARS]}"
    return {place: found.get(place, general) for place in range(operations) if found.get(place, general)}


def out_of_quota(status: Any, what: str) -> RateLimited | None:
    """What a partial failure calls for that came of the quota, which concerns every call after it too; None for any other."""
    reactions = (_reaction(error, f"{what}: {said(error)}") for error in _errors_in(status.details))
    return next((one for one in reactions if isinstance(one, RateLimited)), None)


def _errors_in(details: Iterable[Any]) -> Iterator[Any]:
    for detail in details:
        if not detail.type_url.endswith("GoogleAdsFailure"):
            continue
        try:
            yield from _bare(GoogleAdsFailure.deserialize(detail.value)).errors
        except DecodeError:
            raise BadAnswer("partial failure: expected a GoogleAdsFailure, was unreadable") from None


def _reaction(error: Any, words: str) -> PlatformError | None:
    family, code = _code(error)
    if family in LOCKED_OUT or code in NO_SUCH_ACCESS:
        return NeedsReauthorisation(words)
    if family == "quota_error":
        delay = error.details.quota_error_details.retry_delay
        seconds = delay.seconds + delay.nanos / 1e9
        return RateLimited(words, retry_after_s=min(max(seconds, 1.0), LONGEST_RETRY_AFTER_S) if seconds > 0 else RETRY_AFTER_S)
    return SourceUnavailable(words) if code in THEIR_FAULT else None


def _code(error: Any) -> tuple[str, str]:
    """Family and name of an error's code."""
    for field, value in error.error_code.ListFields():
        known = field.enum_type.values_by_number.get(value) if field.enum_type is not None else None
        return field.name, known.name if known is not None else str(value)
    return "error", "UNKNOWN"


def _bare(failure: Any) -> Any:
    """The message in a wrapped one: errors are read from bare messages throughout."""
    return failure if hasattr(failure, "DESCRIPTOR") else type(failure).pb(failure)


def _call_of(error: Exception) -> Any:
    """The gRPC call behind an exception, which knows status, details and trailing metadata."""
    if isinstance(error, GoogleAdsException):
        return error.error
    if isinstance(error, GoogleAPICallError):
        return next((cause for cause in error.errors if isinstance(cause, grpc.RpcError)), _Unknown(error))
    return error if isinstance(error, grpc.Call) else _Unknown(error)


class _Unknown:
    """Stands for the call of an error that came without one."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def code(self) -> grpc.StatusCode:
        status: grpc.StatusCode = getattr(self._error, "grpc_status_code", None) or grpc.StatusCode.UNKNOWN
        return status

    def details(self) -> str:
        return type(self._error).__name__

    def trailing_metadata(self) -> Sequence[tuple[str, bytes]]:
        return ()


def _failure_in(metadata: Sequence[tuple[str, Any]] | None) -> Any:
    """The failure in trailing metadata, or None."""
    for key, value in metadata or ():
        if key == FAILURE_KEY:
            try:
                return _bare(GoogleAdsFailure.deserialize(value))
            except DecodeError:
                return None
    return None
