"""Who sent a request: its peer, or what a trusted proxy says."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from bot.web.sources import Sources

PROXIES = ("10.0.0.0/8", "2001:db8:1::/48")


def source(peer: str, *said: str, proxies: tuple[str, ...] = PROXIES) -> str:
    headers = CIMultiDict([("X-Forwarded-For", one) for one in said])
    request = make_mocked_request("POST", "/", headers=headers)
    return Sources(proxies).of(request.clone(remote=peer))


@pytest.mark.parametrize(
    ("peer", "said", "expected"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        # A stranger's own word is worth nothing.
        ("192.0.2.1", ("198.51.100.9",), "192.0.2.1"),
        ("10.0.0.1", ("198.51.100.9",), "198.51.100.9"),
        # The left end is what the sender claimed, the right end what our proxy saw.
        ("10.0.0.1", ("203.0.113.5, 198.51.100.9",), "198.51.100.9"),
        ("10.0.0.1", ("203.0.113.5", "198.51.100.9"), "198.51.100.9"),
        ("10.0.0.1", ("198.51.100.9, 10.2.3.4",), "198.51.100.9"),
        ("10.0.0.1", ("10.2.3.4",), "10.2.3.4"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("",), "10.0.0.1"),
        ("10.0.0.1", ("unknown",), "10.0.0.1"),
        ("10.0.0.1", ("198.51.100.9, <script>",), "10.0.0.1"),
        ("2001:db8:1::7", ("198.51.100.9",), "198.51.100.9"),
    ],
)
def test_only_proxies_that_the_operator_names_are_believed(
    peer: str, said: tuple[str, ...], expected: str
) -> None:
    assert source(peer, *said) == expected


def test_without_proxies_the_peer_is_the_source() -> None:
    assert source("10.0.0.1", "198.51.100.9", proxies=()) == "10.0.0.1"


def test_all_addresses_of_one_subscriber_are_one_source() -> None:
    assert (
        source("2001:db8:5:6:1::1") == source("2001:db8:5:6:ffff::2") != source("2001:db8:5:7::1")
    )
    assert source("::ffff:192.0.2.1") == "192.0.2.1"
    assert source("::1") == "::1"
    assert source("") == ""
