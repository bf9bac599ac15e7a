"""Settings, read once from the environment; every fault is reported together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from bot.config_readers import READERS, Secret, read_github, read_secret, read_url
from bot.errors import ConfigError
from bot.loopback import is_loopback

__all__ = ["Instance", "Secret", "Settings", "setting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One forge that the bot speaks with."""

    #: `gitlab`, `github`, or the lower-case <name> of GITLAB_<NAME>_URL.
    name: str
    forge: str
    url: str
    token: Secret | None
    #: Of an OAuth application there, through which people sign in.
    oauth_id: str | None = None
    oauth_secret: Secret | None = None

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
    gitlab_oauth_id: str | None = setting(
        "GITLAB_OAUTH_ID",
        "Application id: people link their accounts by signing in at GitLab. The application has"
        " the scope `read_user` and the redirect URI `PUBLIC_URL/oauth/gitlab`.",
    )
    gitlab_oauth_secret: Secret | None = setting(
        "GITLAB_OAUTH_SECRET", "Its secret; both or neither."
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
    github_oauth_id: str | None = setting(
        "GITHUB_OAUTH_ID",
        "Client id of an OAuth app: people link their accounts by signing in at GitHub. Its"
        " callback URL is `PUBLIC_URL/oauth/github`.",
    )
    github_oauth_secret: Secret | None = setting(
        "GITHUB_OAUTH_SECRET", "Its client secret; both or neither."
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
    hooks_check_s: float = setting(
        "HOOKS_CHECK_S", "Seconds between two looks at each hook at its forge; 0 = never.", "300"
    )
    hooks_mend: bool = setting(
        "HOOKS_MEND",
        "Whether hooks that were switched off or changed are mended; else they are only told of.",
        "true",
    )
    hooks_catch_up: str = setting(
        "HOOKS_CATCH_UP",
        "What is fetched of events that were missed: `all`, `last` (of each subject the newest),"
        " `off`.",
        "all",
    )
    trusted_proxies: tuple[str, ...] = setting(
        "TRUSTED_PROXIES",
        "Addresses and networks of proxies in front of the bot, whose `X-Forwarded-For` says who"
        " guesses secrets.",
    )
    worker_port: int | None = setting(
        "WORKER_PORT", "Port on which `bot worker` serves `/healthz`, `/readyz`, `/metrics`."
    )
    traces_endpoint: str | None = setting(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "Where traces go, e.g. `http://127.0.0.1:4318`; OpenTelemetry's other variables count then"
        " too.",
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

    @property
    def public(self) -> bool:
        """Something leads from elsewhere to the port, a proxy or a tunnel."""
        host = urlsplit(self.public_url or "").hostname
        return host is not None and not is_loopback(host)

    @property
    def page_closed(self) -> bool:
        """Nobody may see the page: of a request from this machine nobody knows who sent it."""
        return self.public and self.console_token is None

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
                values[item.name] = READERS[name](raw)
            except ValueError as error:
                faults.append(f"{name}: {error}")
        instances = _instances(environ, values, faults)
        faults += _together(values)
        if faults:
            raise ConfigError(faults)
        return cls(**values, instances=instances, rule_secrets=_rule_secrets(environ))


def _instances(
    environ: Mapping[str, str], values: Mapping[str, Any], faults: list[str]
) -> tuple[Instance, ...]:
    found = [
        Instance(
            name=forge,
            forge=forge,
            url=values.get(f"{forge}_url") or "",
            token=values.get(f"{forge}_token"),
            oauth_id=values.get(f"{forge}_oauth_id"),
            oauth_secret=values.get(f"{forge}_oauth_secret"),
        )
        for forge in ("gitlab", "github")
    ]
    for name in sorted(environ):
        match = re.fullmatch(r"((GITLAB|GITHUB)_([A-Z0-9_]+))_URL", name)
        if match is None or not environ[name].strip():
            continue
        try:
            found.append(_named(environ, match[1], forge=match[2].lower(), name=match[3].lower()))
        except ValueError as error:
            faults.append(f"{name}: {error}")
    faults += [fault for one in found for fault in _oauth_faults(one, values)]
    return tuple(found)


def _named(environ: Mapping[str, str], prefix: str, *, forge: str, name: str) -> Instance:
    """One of GITLAB_<NAME>_URL. Raises ValueError."""
    url = read_url(environ[f"{prefix}_URL"].strip())
    return Instance(
        name=name,
        forge=forge,
        url=read_github(url) if forge == "github" else url,
        token=read_secret(environ.get(f"{prefix}_TOKEN", "")),
        oauth_id=environ.get(f"{prefix}_OAUTH_ID", "").strip() or None,
        oauth_secret=read_secret(environ.get(f"{prefix}_OAUTH_SECRET", "")),
    )


def _oauth_faults(one: Instance, values: Mapping[str, Any]) -> list[str]:
    prefix = one.forge.upper() if one.name == one.forge else f"{one.forge}_{one.name}".upper()
    if bool(one.oauth_id) is not bool(one.oauth_secret):
        missing = "SECRET" if one.oauth_id else "ID"
        other = "ID" if one.oauth_id else "SECRET"
        return [f"{prefix}_OAUTH_{missing}: needed with {prefix}_OAUTH_{other}"]
    if one.oauth_id and "public_url" in values and not values["public_url"]:
        return [f"PUBLIC_URL: needed with {prefix}_OAUTH_ID, for the way back from the forge"]
    return []


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
