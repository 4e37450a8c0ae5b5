"""How a WooCommerce site is reached: addresses, keys, certificates, and words for a person where it is not."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from autopilot.errors import ConfigError
from autopilot.platforms.kinds import Role, find_kind
from autopilot.platforms.woocommerce.kind import KIND
from autopilot.platforms.woocommerce.options import Options
from autopilot.platforms.woocommerce.sales import Placed, Refund
from autopilot.platforms.woocommerce.shelf import Product
from autopilot.platforms.woocommerce.signing import signed
from perception.ports import BadAnswer, NeedsReauthorisation, SourceUnavailable
from tests.platforms.local_server import HTML
from tests.platforms.woocommerce.opened import NOW, keys, price, site
from tests.platforms.woocommerce.shop import KEY, SAMPLES, SECRET, Shop


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Of 127.0.0.1, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_path.write_bytes(private)
    return str(cert_path), str(key_path)


def one_product() -> Shop:
    shop = Shop()
    shop.add_product(sku="MUG", regular_price="10.00")
    return shop


def test_over_tls_the_key_goes_along_and_a_certificate_of_the_site_s_own_is_trusted_if_named(certificate: tuple[str, str]) -> None:
    shop = one_product()
    shop.is_secure = True
    with site(shop, certificate=certificate) as opened:
        adapter = opened.adapter(ca_file=certificate[0])

        assert adapter.catalogue().skus == ("MUG",)
        assert shop.problems == []
        with pytest.raises(SourceUnavailable):
            opened.adapter().catalogue()


def test_without_tls_the_key_only_signs() -> None:
    with site(one_product()) as opened:
        opened.adapter().catalogue()

        assert all("authorization" not in request.headers for request in opened.server.requests)
        assert not any(SECRET in str(request) for request in opened.server.requests)


def test_the_signature_is_that_of_the_standard() -> None:
    """Checked against an independent implementation (oauthlib 4.0.1)."""
    params = signed("GET", "http://127.0.0.1:8020/wp-json/wc/v3/orders", {"a": "1 2", "b": "ä"}, key="k", secret="s", at_s=1, nonce="n")

    assert params["oauth_signature"] == "1d8PG+yMVD5UIiZNeKDCbY9kBJakMoXPHVg33Eb6Koc="


def test_plain_permalinks_are_an_option() -> None:
    with site(one_product()) as opened:
        adapter = opened.adapter(plain_permalinks=True)
        adapter.write((price("MUG", 900),), now=NOW)

        assert adapter.readback(now=NOW).at == NOW
        assert {request.path for request in opened.server.requests} == {"/index.php"}
        assert opened.shop.problems == []
        assert opened.shop.products[1]["regular_price"] == "9.00"


def test_a_site_that_answers_with_pages_says_what_may_be_wrong() -> None:
    with site(one_product()) as opened:
        with pytest.raises(BadAnswer, match=r"is platform\.options\.url the site's front page"):
            opened.adapter(url=f"{opened.server.url}/blog").catalogue()
        opened.server.faults.append(HTML)
        with pytest.raises(BadAnswer, match=r"Maintenance.*plain_permalinks"):
            opened.adapter().catalogue()


def test_a_wrong_key_says_which_permission_is_needed_and_is_not_tried_again() -> None:
    with site(one_product()) as opened:
        adapter = opened.adapter()
        opened.shop.is_secure = True  # takes no signatures

        for _ in range(3):
            with pytest.raises(NeedsReauthorisation, match=r"woocommerce_rest_cannot_view.*Read/Write"):
                adapter.catalogue()
        assert len(opened.server.requests) == 1


def test_keys_are_nowhere_to_be_read(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with site(one_product()) as opened:
        adapter = opened.adapter()
        adapter.read(since=None, now=NOW)
        opened.shop.is_secure = True
        with pytest.raises(NeedsReauthorisation) as caught:
            adapter.read(since=None, now=NOW)
        seen = "".join((repr(keys()), repr(adapter.__dict__), str(caught.value), str(caught.value.__cause__)))
        kept = b"".join(path.read_bytes() for path in opened.folder.iterdir()).decode(errors="replace")

    assert not any(secret in text for secret in (KEY, SECRET) for text in (seen, kept))
    assert not any(SECRET in record.getMessage() for record in caplog.records)
    assert not any(KEY in record.getMessage() for record in caplog.records if record.name == "httpx")


@pytest.mark.parametrize(
    "wrong", [{}, {"url": "http://shop.example"}, {"url": "https://a:b@shop.example"}, {"url": "https://s.example", "timeout_s": 0}]
)
def test_options_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate(wrong)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with site() as opened, pytest.raises(ConfigError, match=r"ca.pem: expected certificates in PEM form, was"):
        opened.adapter(ca_file=path)


def test_the_recorded_samples_are_read() -> None:
    for model, name in ((Product, "products"), (Placed, "orders"), (Refund, "refunds")):
        for sample in SAMPLES[name]["body"]:
            model.model_validate(sample)


def test_settings_find_the_kind() -> None:
    assert find_kind("woocommerce", Role.SHOP) is KIND
