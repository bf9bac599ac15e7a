"""Which proxy Slack is reached through, as the environment says."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies

from bot.loopback import is_loopback


def proxy_for(api_url: str) -> str | None:
    """As slack_sdk has it, HTTPS_PROXY or else HTTP_PROXY, but none for this machine."""
    if is_loopback(urlsplit(api_url).hostname or ""):
        return None
    known = getproxies()
    return known.get("https") or known.get("http")
