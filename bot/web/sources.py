"""Where a request comes from: its peer, or what a trusted proxy says of the peer before it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

#: What one customer of a provider has: whoever counts single addresses of it counts nothing.
_OWN: Final = 64


class Sources:
    """`proxies`: addresses and networks whose `X-Forwarded-For` is believed."""

    def __init__(self, proxies: Iterable[str] = ()) -> None:
        self._proxies: tuple[IPv4Network | IPv6Network, ...] = tuple(
            ip_network(proxy, strict=False) for proxy in proxies
        )

    def of(self, request: web.BaseRequest) -> str:
        """An address, or the network of a single owner; the same for all that one sends."""
        peer = request.remote or ""
        if not self._is_proxy(peer):
            return _owner(peer)
        said = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
        # The right end was written last, by the proxy next to us.
        for hop in reversed(said):
            if not _is_address(hop.strip()):
                break
            peer = hop.strip()
            if not self._is_proxy(peer):
                break
        return _owner(peer)

    def _is_proxy(self, peer: str) -> bool:
        return bool(self._proxies) and any(
            ip_address(peer) in network for network in self._proxies if _is_address(peer)
        )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def _owner(peer: str) -> str:
    if not _is_address(peer):
        return peer
    address = ip_address(peer)
    if not isinstance(address, IPv6Address):
        return peer
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), _OWN), strict=False)) if not address.is_loopback else peer
