"""Where a rule's webhook may lead: never into the network the bot stands in."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from bot.errors import TargetRefused
from bot.worker.addresses import Allowed, PublicResolver, is_literal, is_public

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCAL = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",  # noqa: S104 - refused
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.170",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "2002:a00:1::",
]
PUBLIC = ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", LOCAL)
def test_a_local_address_is_refused(address: str) -> None:
    assert not Allowed().address(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_fine(address: str) -> None:
    assert is_public(ip_address(address))
    assert Allowed().address(address)


def test_the_operator_may_allow_networks_and_hosts() -> None:
    allowed = Allowed(["10.1.0.0/16", "CI.Example.com", "fd00::/8", "127.0.0.1"])
    assert allowed.address("10.1.2.3")
    assert allowed.address("::ffff:10.1.2.3")
    assert allowed.address("fd00::5")
    assert not allowed.address("10.2.0.1")
    assert not allowed.address("127.0.0.2")
    assert allowed.host("ci.example.com.")
    assert not allowed.host("evil.ci.example.com")


def test_what_is_no_address_is_none() -> None:
    assert not Allowed().address("localhost")
    assert is_literal("127.0.0.1")
    assert is_literal("::1")
    assert not is_literal("2130706433")


class Names(AbstractResolver):
    def __init__(self, *addresses: str) -> None:
        self.addresses: Sequence[str] = addresses

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0)
            for each in self.addresses
        ]

    @override
    async def close(self) -> None:
        pass


async def test_only_the_public_ones_of_a_names_addresses_are_connected_to() -> None:
    found = await PublicResolver(Allowed(), Names("10.0.0.1", "1.1.1.1")).resolve("x.example", 443)
    assert [one["host"] for one in found] == ["1.1.1.1"]


async def test_a_name_that_leads_inside_is_refused() -> None:
    with pytest.raises(TargetRefused, match="WEBHOOK_ALLOW") as told:
        await PublicResolver(Allowed(), Names("169.254.169.254")).resolve("x.example", 443)
    assert told.value.code == "local_address"


async def test_a_host_that_is_allowed_may_lead_anywhere() -> None:
    resolver = PublicResolver(Allowed(["x.example"]), Names("10.0.0.1"))
    assert len(await resolver.resolve("x.example", 443)) == 1
