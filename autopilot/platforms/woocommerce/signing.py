"""OAuth 1.0a without tokens, which WooCommerce demands instead of Basic authentication where there is no TLS (RFC 5849, 3.4)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote


def signed(method: str, url: str, params: Mapping[str, str], *, key: str, secret: str, at_s: int, nonce: str) -> dict[str, str]:
    """The parameters of a query, and those that sign it.

    Args:
        method, url: Of the request, the URL without its query.
        params: Of the query; a JSON body is not signed.
        key, secret: Of the API key.
        at_s: Epoch seconds, within 15 minutes of the server's clock.
        nonce: Not used before.
    """
    asked = {
        **params,
        "oauth_consumer_key": key,
        "oauth_timestamp": str(at_s),
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA256",
    }
    pairs = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(asked.items()))
    text = "&".join((method.upper(), _encoded(url), _encoded(pairs)))
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha256).digest()
    return {**asked, "oauth_signature": base64.b64encode(digest).decode()}


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")
