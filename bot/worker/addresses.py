"""Which addresses a rule's webhook may reach: public ones, and those the operator allows."""

from __future__ import annotations

import socket
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING, Final

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from typing_extensions import override

from bot.errors import TargetRefused

if TYPE_CHECKING:
    from collections.abc import Iterable

#: IPv6 that carries an IPv4 address in its last, or next, 32 bits: it is judged by that one.
_NAT64: Final = IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = IPv6Network("::/96")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Neither this machine, nor a network of ours, nor a cloud's metadata service."""
    if isinstance(address, IPv6Address):
        inner = _carried(address)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


class Allowed:
    """What the operator allows beyond public addresses: networks, and hosts by name."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._networks: list[IPv4Network | IPv6Network] = []
        self._hosts: set[str] = set()
        for word in words:
            try:
                self._networks.append(ip_network(word, strict=False))
            except ValueError:
                self._hosts.add(word.lower().rstrip("."))

    def host(self, name: str) -> bool:
        return name.lower().rstrip(".") in self._hosts

    def address(self, text: str) -> bool:
        """Whether a call may go to that address; False for what is none."""
        try:
            address = ip_address(text.partition("%")[0])
        except ValueError:
            return False
        inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        known = any(
            one in network
            for network in self._networks
            for one in (address, inner)
            if one is not None and one.version == network.version
        )
        return known or is_public(address)


def is_literal(host: str) -> bool:
    """Connections to these are made without asking the resolver."""
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


class PublicResolver(AbstractResolver):
    """Gives only addresses that may be called: what it gives is what is connected to, so that a
    name cannot change its mind in between."""

    def __init__(self, allowed: Allowed, resolver: AbstractResolver | None = None) -> None:
        self._allowed = allowed
        self._resolver = resolver or ThreadedResolver()

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if self._allowed.host(host):
            return found
        good = [one for one in found if self._allowed.address(one["host"])]
        if found and not good:
            raise local(host)
        return good

    @override
    async def close(self) -> None:
        await self._resolver.close()


def local(host: str) -> TargetRefused:
    """The name is told to the operator only: it is not the answer of anybody."""
    return TargetRefused(
        f"{host} is an address inside this network; WEBHOOK_ALLOW can allow it",
        code="local_address",
    )
