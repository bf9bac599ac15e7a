"""Settings that work and are weak: what `bot doctor` says of them."""

from __future__ import annotations

import stat
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urlsplit

from bot.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.config import Secret, Settings

#: Whether something is as it should be; None: it may be meant so.
Finding: TypeAlias = tuple[bool | None, str]

_MAKE: Final = "make one with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`"
#: Of a secret that others may try at leisure, and how many different characters that takes.
_LENGTH: Final = 16
_DIFFERENT: Final = 8
#: Where clouds tell a machine its own keys.
_METADATA: Final = ("169.254.169.254", "fd00:ec2::254")
#: A network larger than this is no list of proxies or of own servers.
_WIDE: Final = {4: 8, 6: 16}


def weak(settings: Settings) -> list[Finding]:
    """What somebody could make use of; nothing when there is nothing to say."""
    return [
        *_secrets(settings),
        *_addresses(settings),
        *_networks(settings),
        *_files(settings),
    ]


def _secrets(settings: Settings) -> Iterator[Finding]:
    """Those that people think up; the others are made by Slack and the forges."""
    named = {
        "WEBHOOK_SECRET": settings.webhook_secret,
        "CONSOLE_TOKEN": settings.console_token,
        "SECRET_KEY": settings.secret_key,
    }
    seen: dict[str, str] = {}
    for name, secret in named.items():
        if secret is None:
            continue
        if _is_guessable(secret):
            yield (False, f"{name} is short or simple enough to be guessed: {_MAKE}")
        if (other := seen.setdefault(secret.reveal(), name)) != name:
            yield (False, f"{name} is the same as {other}: whoever has one has both; {_MAKE}")


def _is_guessable(secret: Secret) -> bool:
    value = secret.reveal()
    return len(value) < _LENGTH or len(set(value)) < _DIFFERENT


def _addresses(settings: Settings) -> Iterator[Finding]:
    """What goes over the network unencrypted."""
    for name, url, what in (
        ("PUBLIC_URL", settings.public_url, "deliveries and their secrets"),
        ("SLACK_API_URL", settings.slack_api_url, "the bot's token"),
        *[
            (f"the address of {one.name}", one.url, "the bot's token")
            for one in settings.instances
            if one.token is not None
        ],
    ):
        parts = urlsplit(url or "")
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            yield (False, f"{name} is http: {what} can be read on the way; use https")
    if settings.public_url and not settings.trusted_proxies:
        yield (
            None,
            "TRUSTED_PROXIES is not set: behind a proxy everybody is one source, so that guesses"
            " are not held against those who make them",
        )


def _networks(settings: Settings) -> Iterator[Finding]:
    for proxy in settings.trusted_proxies:
        network = ip_network(proxy, strict=False)
        if network.prefixlen < _WIDE[network.version]:
            yield (False, f"TRUSTED_PROXIES: {proxy} lets strangers say who they are")
    for word in settings.webhook_allow:
        try:
            network = ip_network(word, strict=False)
        except ValueError:
            continue
        if any(ip_address(one) in network for one in _METADATA):
            yield (False, f"WEBHOOK_ALLOW: {word} holds a cloud's metadata service, and its keys")


def _files(settings: Settings) -> Iterator[Finding]:
    """What other users of this machine can read."""
    from bot.store.sqlite import path_of

    files = [Path(".env")]
    if not settings.postgres:
        database = path_of(settings.database_url)
        files += [database, database.with_name(f"{database.name}.key")]
    for file in files:
        try:
            mode = file.stat().st_mode
        except OSError:
            continue
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield (False, f"{file} is open to others on this machine: chmod 600 {file}")
