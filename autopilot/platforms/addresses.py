"""Addresses of platforms: credentials travel to them, so nothing but HTTPS will do, save for a server on this very machine."""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from autopilot.settings_problems import FieldProblem

LOCAL_NAME = "localhost"


def safe_address(value: str) -> str:
    """The address without a slash at its end. Raises: FieldProblem for one that credentials must not be sent to, without showing any."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise FieldProblem("", expected="an address such as 'https://shop.example.com'", was=value) from None
    if parts.username is not None or parts.password is not None:
        raise FieldProblem("", expected="an address without user name and password: these belong into [secrets]", was="one with them")
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
        raise FieldProblem("", expected="an address such as 'https://shop.example.com'", was=value)
    if parts.scheme == "http" and not is_this_machine(host):
        raise FieldProblem("", expected="an address that begins with https://, or a server on this machine", was=value)
    return value.rstrip("/")


def is_this_machine(host: str) -> bool:
    """Whether a host name means the machine we run on."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == LOCAL_NAME


Address = Annotated[str, AfterValidator(safe_address), Field(examples=["https://shop.example.com"])]
"""Where a platform's API is."""
