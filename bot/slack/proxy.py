"""Which proxy Slack is reached through, as the environment says."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies


def proxy_for(api_url: str) -> str | None:
    """As slack_sdk has it, HTTPS_PROXY or else HTTP_PROXY, but none for this machine."""
    if _is_loopback(urlsplit(api_url).hostname or ""):
        return None
    known = getproxies()
    return known.get("https") or known.get("http")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
