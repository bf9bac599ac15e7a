"""Settings, read once from the environment; every fault is reported together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from typing_extensions import override

from bot.errors import ConfigError

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One forge that the bot speaks with."""

    #: `gitlab`, `github`, or the lower-case <name> of GITLAB_<NAME>_URL.
    name: str
    forge: str
    url: str
    token: Secret | None

    @property
    def pages(self) -> str:
        """Address of the pages that people see: GitHub's API has one of its own."""
        url = self.url.rstrip("/")
        if self.forge != "github":
            return url
        # https://api.github.com and https://api.acme.ghe.com; an own server has /api/v3.
        return re.sub(r"//api\.", "//", url).removesuffix("/api/v3")


def setting(name: str, doc: str, default: str = "") -> Any:  # dataclass fields are typed by use
    return field(metadata={"name": name, "doc": doc, "default": default})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting; its name in the environment, its sense and its default."""

    host: str = setting("HOST", "Address to listen on.", "127.0.0.1")
    port: int = setting("PORT", "Port to listen on.", "8080")
    public_url: str | None = setting(
        "PUBLIC_URL", "How forges and Slack reach this bot, e.g. `https://bot.example.com`."
    )
    database_url: str = setting(
        "DATABASE_URL", "`sqlite:///file` or `postgresql://…`.", "sqlite:///var/bot.db"
    )
    rules: str = setting("RULES", "The rules file.", "rules.yaml")
    slack_bot_token: Secret | None = setting(
        "SLACK_BOT_TOKEN", "`xoxb-…`; without it messages go to the preview page."
    )
    slack_signing_secret: Secret | None = setting(
        "SLACK_SIGNING_SECRET", "Checks what Slack sends to `/slack/events`."
    )
    slack_app_token: Secret | None = setting(
        "SLACK_APP_TOKEN",
        "`xapp-…`: Slack's commands come through Socket Mode; GitLab still needs PUBLIC_URL.",
    )
    slack_api_url: str = setting("SLACK_API_URL", "Slack's Web API.", "https://slack.com/api/")
    gitlab_url: str = setting("GITLAB_URL", "The GitLab instance.", "https://gitlab.com")
    gitlab_token: Secret | None = setting(
        "GITLAB_TOKEN", "Access token with scope `api`; makes hooks."
    )
    github_url: str = setting(
        "GITHUB_URL",
        "GitHub's REST API; of an own server `https://github.example.com/api/v3`.",
        "https://api.github.com",
    )
    github_token: Secret | None = setting(
        "GITHUB_TOKEN",
        "Token with scope `repo` (fine-grained: Webhooks, Administration, Issues and Pull requests,"
        " read and write; Contents, read; Actions and Secrets as rules and keys need them).",
    )
    webhook_secret: Secret | None = setting(
        "WEBHOOK_SECRET", "Accepts hooks made by hand on `/hooks/gitlab` and `/hooks/github`."
    )
    secret_key: Secret | None = setting(
        "SECRET_KEY",
        "Encrypts stored secrets; needed with PostgreSQL, made beside the file with SQLite.",
    )
    bot_admins: tuple[str, ...] = setting(
        "BOT_ADMINS", "Slack user ids that may change hooks, separated by commas."
    )
    console_token: Secret | None = setting(
        "CONSOLE_TOKEN", "Opens the page at `/` from elsewhere than this machine."
    )
    admin_channel: str | None = setting(
        "ADMIN_CHANNEL", "Channel id or `#name` that is told of faults."
    )
    channel_gap_s: float = setting(
        "CHANNEL_GAP_S", "Seconds between two messages of one channel; 0 = none.", "1.0"
    )
    webhook_allow: tuple[str, ...] = setting(
        "WEBHOOK_ALLOW",
        "Hosts and networks that rules' webhooks may reach although they are local,"
        " e.g. `10.1.0.0/16, ci.example.com`.",
    )
    retention_days: int = setting(
        "RETENTION_DAYS",
        "How long deliveries and what became of them are kept; at least 14, 0 = for ever.",
        "30",
    )
    worker_port: int | None = setting(
        "WORKER_PORT", "Port on which `bot worker` serves `/healthz`, `/readyz`, `/metrics`."
    )
    log_level: str = setting("LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR.", "INFO")
    log_format: str = setting("LOG_FORMAT", "`console` or `json`.", "console")
    #: Every forge instance, the default ones first.
    instances: tuple[Instance, ...] = field(default=(), metadata={})
    #: Values of SECRET_<NAME>, by name: what rules name as `${secret:NAME}`.
    rule_secrets: Mapping[str, Secret] = field(default_factory=dict, metadata={})

    @property
    def preview(self) -> bool:
        """Messages are shown on the bot's own page instead of in Slack."""
        return self.slack_bot_token is None

    def rule_secret(self, name: str) -> str | None:
        """The value of `${secret:NAME}`; None when it is not set."""
        found = self.rule_secrets.get(name)
        return found.reveal() if found is not None else None

    @property
    def postgres(self) -> bool:
        return not self.database_url.startswith("sqlite:")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Raises ConfigError with every fault, each naming its setting and what would be right."""
        faults: list[str] = []
        values: dict[str, Any] = {}
        for item in fields(cls):
            if "name" not in item.metadata:
                continue
            name = item.metadata["name"]
            raw = environ.get(name, "").strip() or item.metadata["default"]
            try:
                values[item.name] = _READERS[name](raw)
            except ValueError as error:
                faults.append(f"{name}: {error}")
        instances = _instances(environ, values, faults)
        faults += _together(values)
        if faults:
            raise ConfigError(faults)
        return cls(**values, instances=instances, rule_secrets=_rule_secrets(environ))


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    host = host.strip("[]").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _instances(
    environ: Mapping[str, str], values: Mapping[str, Any], faults: list[str]
) -> tuple[Instance, ...]:
    found = [
        Instance(
            name=forge,
            forge=forge,
            url=values.get(f"{forge}_url") or "",
            token=values.get(f"{forge}_token"),
        )
        for forge in ("gitlab", "github")
    ]
    for name in sorted(environ):
        match = re.fullmatch(r"(GITLAB|GITHUB)_([A-Z0-9_]+)_URL", name)
        if match is None or not environ[name].strip():
            continue
        forge, label = match.group(1).lower(), match.group(2).lower()
        try:
            url = _url(environ[name].strip())
            url = _github(url) if forge == "github" else url
            token = _optional_secret(environ.get(f"{match.group(1)}_{match.group(2)}_TOKEN", ""))
        except ValueError as error:
            faults.append(f"{name}: {error}")
            continue
        found.append(Instance(name=label, forge=forge, url=url, token=token))
    return tuple(found)


def _rule_secrets(environ: Mapping[str, str]) -> Mapping[str, Secret]:
    """SECRET_KEY is the bot's own: no rule can name it."""
    return {
        name.removeprefix("SECRET_"): Secret(value.strip())
        for name, value in environ.items()
        if re.fullmatch(r"SECRET_[A-Z][A-Z0-9_]*", name) and name != "SECRET_KEY" and value.strip()
    }


def _together(values: Mapping[str, Any]) -> list[str]:
    """Faults of settings that do not fit each other."""
    faults: list[str] = []
    bot, signing, app = (
        values.get(key) for key in ("slack_bot_token", "slack_signing_secret", "slack_app_token")
    )
    if bot and not (signing or app) and "slack_signing_secret" in values:
        faults.append(
            "SLACK_SIGNING_SECRET: needed with SLACK_BOT_TOKEN (or set SLACK_APP_TOKEN for Socket"
            " Mode); find it under Basic Information of your Slack app"
        )
    if (signing or app) and not bot and "slack_bot_token" in values:
        faults.append(
            "SLACK_BOT_TOKEN: needed with SLACK_SIGNING_SECRET or SLACK_APP_TOKEN; find it under"
            " OAuth & Permissions of your Slack app"
        )
    database = values.get("database_url") or ""
    if database.startswith("postgresql") and "secret_key" in values and not values["secret_key"]:
        faults.append(
            "SECRET_KEY: needed with PostgreSQL, the same for every process; make one with"
            " `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`"
        )
    return faults


def _text(raw: str) -> str:
    return raw


def _optional(raw: str) -> str | None:
    return raw or None


def _secret(prefix: str, kind: str) -> Callable[[str], Secret | None]:
    def read(raw: str) -> Secret | None:
        if raw and not raw.startswith(prefix):
            raise ValueError(f"not {kind}: it begins with `{prefix}`")
        return _optional_secret(raw)

    return read


def _optional_secret(raw: str) -> Secret | None:
    if any(c.isspace() for c in raw.strip()):
        raise ValueError("must not hold white space")
    return Secret(raw.strip()) if raw.strip() else None


def _long_secret(raw: str) -> Secret | None:
    if raw and len(raw) < _SECRET_LENGTH:
        raise ValueError(f"too short to be a secret: use at least {_SECRET_LENGTH} characters")
    return _optional_secret(raw)


def _port(raw: str) -> int:
    if not raw.isdecimal():
        raise ValueError(f"not a whole number: {raw!r}")
    if int(raw) > _LAST_PORT:
        raise ValueError(f"not a port: {raw} (0 to {_LAST_PORT})")
    return int(raw)


def _days(raw: str) -> int:
    if not raw.isdecimal() or 0 < int(raw) < _SHORTEST_RETENTION:
        raise ValueError(
            f"not 0 or a number of days from {_SHORTEST_RETENTION}: {raw!r}; `bot backtest` looks"
            " back two weeks"
        )
    return int(raw)


def _url(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"not an http(s) address: {raw!r}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be a bare address, without user, query or fragment")
    return raw.rstrip("/")


def _github(raw: str) -> str:
    """The API's address, also when that of the pages is given; an own server's is `/api/v3`."""
    url = _url(raw)
    host = urlsplit(url).hostname or ""
    if host == "github.com" or (host.endswith(".ghe.com") and not host.startswith("api.")):
        return f"https://api.{host}"
    return url


def _optional_url(raw: str) -> str | None:
    return _url(raw) if raw else None


def _api_url(raw: str) -> str:
    return _url(raw) + "/"


def _database(raw: str) -> str:
    scheme, colon, rest = raw.partition("://")
    if colon and scheme in {"postgres", "postgresql", "postgresql+asyncpg"} and rest:
        return f"postgresql://{rest}"
    if colon and scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return raw
    raise ValueError("not a database: use `sqlite:///path/to/bot.db` or `postgresql://…`")


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


def _seconds(raw: str) -> float:
    try:
        value = float(raw)
    except ValueError:
        raise ValueError(f"not a number of seconds: {raw!r}") from None
    if not 0 <= value <= _LONGEST_GAP_S:
        raise ValueError(f"must be between 0 and {_LONGEST_GAP_S}: {raw}")
    return value


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
_SHORTEST_RETENTION: Final = 14

_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "HOST": _text,
    "PORT": _port,
    "PUBLIC_URL": _optional_url,
    "DATABASE_URL": _database,
    "RULES": _text,
    "SLACK_BOT_TOKEN": _secret("xox", "a Slack bot token"),
    "SLACK_SIGNING_SECRET": _optional_secret,
    "SLACK_APP_TOKEN": _secret("xapp-", "a Slack app-level token"),
    "SLACK_API_URL": _api_url,
    "GITLAB_URL": _url,
    "GITLAB_TOKEN": _optional_secret,
    "GITHUB_URL": _github,
    "GITHUB_TOKEN": _optional_secret,
    "WEBHOOK_SECRET": _optional_secret,
    "SECRET_KEY": _long_secret,
    "BOT_ADMINS": _names,
    "CONSOLE_TOKEN": _optional_secret,
    "ADMIN_CHANNEL": _optional,
    "CHANNEL_GAP_S": _seconds,
    "WEBHOOK_ALLOW": _places,
    "RETENTION_DAYS": _days,
    "WORKER_PORT": lambda raw: _port(raw) if raw else None,
    "LOG_LEVEL": _choice("DEBUG", "INFO", "WARNING", "ERROR"),
    "LOG_FORMAT": _choice("console", "json"),
}
