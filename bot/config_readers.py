"""How each setting's text is read; what it may hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, eq=False)
class Secret:
    """A value that never shows: repr, str and format give `***`; `reveal()` gives it."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    @override
    def __repr__(self) -> str:
        return "***"

    @override
    def __str__(self) -> str:
        return "***"

    @override
    def __format__(self, _spec: str) -> str:
        return "***"


def _text(raw: str) -> str:
    return raw


def _optional(raw: str) -> str | None:
    return raw or None


def _secret(prefix: str, kind: str) -> Callable[[str], Secret | None]:
    def read(raw: str) -> Secret | None:
        if raw and not raw.startswith(prefix):
            raise ValueError(f"not {kind}: it begins with `{prefix}`")
        return read_secret(raw)

    return read


def read_secret(raw: str) -> Secret | None:
    if any(c.isspace() for c in raw.strip()):
        raise ValueError("must not hold white space")
    return Secret(raw.strip()) if raw.strip() else None


def _long_secret(raw: str) -> Secret | None:
    if raw and len(raw) < _SECRET_LENGTH:
        raise ValueError(f"too short to be a secret: use at least {_SECRET_LENGTH} characters")
    return read_secret(raw)


def _port(raw: str) -> int:
    if not raw.isdecimal():
        raise ValueError(f"not a whole number: {raw!r}")
    if int(raw) > _LAST_PORT:
        raise ValueError(f"not a port: {raw} (0 to {_LAST_PORT})")
    return int(raw)


def _days(raw: str) -> int:
    if not raw.isdecimal() or 0 < int(raw) < SHORTEST_RETENTION:
        raise ValueError(
            f"not 0 or a number of days from {SHORTEST_RETENTION}: {raw!r}; `bot backtest` looks"
            " back two weeks"
        )
    return int(raw)


def read_url(raw: str) -> str:
    try:
        parts = urlsplit(raw)
    except ValueError:  # which quotes it
        raise ValueError("not an http(s) address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        # A password may stand before an `@`.
        raise ValueError(f"not an http(s) address: {'…' if '@' in raw else repr(raw)}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be a bare address, without user, query or fragment")
    return raw.rstrip("/")


def read_github(raw: str) -> str:
    """The API's address, also when that of the pages is given; an own server's is `/api/v3`."""
    url = read_url(raw)
    host = urlsplit(url).hostname or ""
    if host == "github.com" or (host.endswith(".ghe.com") and not host.startswith("api.")):
        return f"https://api.{host}"
    return url


def _optional_url(raw: str) -> str | None:
    return read_url(raw) if raw else None


def _api_url(raw: str) -> str:
    return read_url(raw) + "/"


def _database(raw: str) -> str:
    scheme, colon, rest = raw.partition("://")
    if colon and scheme in {"postgres", "postgresql", "postgresql+asyncpg"} and rest:
        _check_authority(rest)
        return f"postgresql://{rest}"
    if colon and scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return raw
    raise ValueError("not a database: use `sqlite:///path/to/bot.db` or `postgresql://…`")


def _check_authority(rest: str) -> None:
    """What cannot be read is quoted by nobody: a piece of the password is in it."""
    authority, *others = re.split(r"[/?#]", rest, maxsplit=1)
    hosts = authority.rpartition("@")[2].split(",")
    good = all(re.fullmatch(r"(?:\[[^\[\]]*\]|[^:\[\]]*)(?::[0-9]*)?", host) for host in hosts)
    try:
        urlsplit(f"//{authority}")
    except ValueError:
        good = False
    if not good or ("@" not in authority and "@" in "".join(others)):
        raise ValueError(
            "not an address: in its user and password write %2F for `/`, %3F for `?`, %23 for `#`,"
            " %40 for `@`, %3A for `:`"
        )


def _names(raw: str) -> tuple[str, ...]:
    names = tuple(part for part in re.split(r"[\s,]+", raw) if part)
    for name in names:
        if not re.fullmatch(r"[UW][A-Z0-9]{2,}", name):
            raise ValueError(f"not a Slack user id: {name!r} (profile, ⋮, Copy member ID)")
    return names


def _places(raw: str) -> tuple[str, ...]:
    """Host names, addresses and networks."""
    places = tuple(part for part in re.split(r"[\s,]+", raw) if part)
    for place in places:
        try:
            ip_network(place, strict=False)
        except ValueError:
            if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", place):
                raise ValueError(f"neither a host nor a network: {place!r}") from None
    return places


def _networks(raw: str) -> tuple[str, ...]:
    networks = tuple(part for part in re.split(r"[\s,]+", raw) if part)
    for network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise ValueError(f"neither an address nor a network: {network!r}") from None
    return networks


def _seconds(raw: str) -> float:
    try:
        value = float(raw)
    except ValueError:
        raise ValueError(f"not a number of seconds: {raw!r}") from None
    if not 0 <= value <= _LONGEST_GAP_S:
        raise ValueError(f"must be between 0 and {_LONGEST_GAP_S}: {raw}")
    return value


def _yes_or_no(raw: str) -> bool:
    found = {"true": True, "yes": True, "on": True, "1": True}.get(raw.lower())
    if found is None and raw.lower() not in {"false", "no", "off", "0"}:
        raise ValueError(f"neither true nor false: {raw!r}")
    return bool(found)


def _choice(*choices: str) -> Callable[[str], str]:
    def read(raw: str) -> str:
        for choice in choices:
            if raw.lower() == choice.lower():
                return choice
        raise ValueError(f"unknown: {raw!r}; one of {', '.join(choices)}")

    return read


_SECRET_LENGTH: Final = 16
_LAST_PORT: Final = 65_535
_LONGEST_GAP_S: Final = 3600
SHORTEST_RETENTION: Final = 14

READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "HOST": _text,
    "PORT": _port,
    "PUBLIC_URL": _optional_url,
    "DATABASE_URL": _database,
    "RULES": _text,
    "SLACK_BOT_TOKEN": _secret("xox", "a Slack bot token"),
    "SLACK_SIGNING_SECRET": read_secret,
    "SLACK_APP_TOKEN": _secret("xapp-", "a Slack app-level token"),
    "SLACK_API_URL": _api_url,
    "GITLAB_URL": read_url,
    "GITLAB_TOKEN": read_secret,
    "GITLAB_OAUTH_ID": _optional,
    "GITLAB_OAUTH_SECRET": read_secret,
    "GITHUB_URL": read_github,
    "GITHUB_TOKEN": read_secret,
    "GITHUB_OAUTH_ID": _optional,
    "GITHUB_OAUTH_SECRET": read_secret,
    "WEBHOOK_SECRET": read_secret,
    "SECRET_KEY": _long_secret,
    "BOT_ADMINS": _names,
    "CONSOLE_TOKEN": read_secret,
    "ADMIN_CHANNEL": _optional,
    "CHANNEL_GAP_S": _seconds,
    "WEBHOOK_ALLOW": _places,
    "RETENTION_DAYS": _days,
    "HOOKS_CHECK_S": _seconds,
    "HOOKS_MEND": _yes_or_no,
    "HOOKS_CATCH_UP": _choice("all", "last", "off"),
    "TRUSTED_PROXIES": _networks,
    "OTEL_EXPORTER_OTLP_ENDPOINT": _optional_url,
    "WORKER_PORT": lambda raw: _port(raw) if raw else None,
    "LOG_LEVEL": _choice("DEBUG", "INFO", "WARNING", "ERROR"),
    "LOG_FORMAT": _choice("console", "json"),
}
