"""Settings: read once, all faults together, secrets that never show."""

from __future__ import annotations

from dataclasses import fields

import pytest

from bot.config import Secret, Settings
from bot.errors import ConfigError
from bot.loopback import is_loopback


def faults(**environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(environ)
    return caught.value.faults


def test_an_empty_environment_is_a_preview_on_sqlite_for_this_machine_only() -> None:
    settings = Settings.from_env({})
    assert settings.preview
    assert not settings.postgres
    assert (settings.host, settings.port, settings.rules) == ("127.0.0.1", 8080, "rules.yaml")
    assert [i.url for i in settings.instances] == ["https://gitlab.com", "https://api.github.com"]


def test_every_fault_is_reported_at_once_and_names_its_setting() -> None:
    found = faults(PORT="x", DATABASE_URL="mysql://a", BOT_ADMINS="@alice", LOG_LEVEL="loud")
    assert [fault.partition(":")[0] for fault in found] == [
        "PORT",
        "DATABASE_URL",
        "BOT_ADMINS",
        "LOG_LEVEL",
    ]
    assert found[0] == "PORT: not a whole number: 'x'"


@pytest.mark.parametrize("port", ["-1", "65536", "８０ ８０", "1e3", "80.0"])
def test_a_port_is_a_whole_number_in_range(port: str) -> None:
    assert faults(PORT=port)[0].startswith("PORT: not a ")


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("postgres://u:p@h/db", "postgresql://u:p@h/db"),
        ("postgresql://h/db", "postgresql://h/db"),
        ("sqlite:///var/x.db", "sqlite:///var/x.db"),
        ("sqlite:////abs/x.db", "sqlite:////abs/x.db"),
    ],
)
def test_database_urls_are_taken_in_every_usual_spelling(url: str, canonical: str) -> None:
    settings = Settings.from_env({"DATABASE_URL": url, "SECRET_KEY": "k" * 32})
    assert settings.database_url == canonical


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://bot:s3cr/etpw@host/db",
        "postgresql://bot:12/etpw@host/db",
        "postgresql://bot:s3cr#etpw@host/db",
        "postgresql://bot:s3cr?etpw@host/db",
        "postgresql://bot:s3cr[etpw@host/db",
        "postgresql://bot:s3\u2100cretpw@host/db",
    ],
)
def test_a_password_that_makes_the_address_unreadable_is_quoted_by_nobody(url: str) -> None:
    (fault,) = faults(DATABASE_URL=url, SECRET_KEY="k" * 32)
    assert fault.startswith("DATABASE_URL: not an address: ")
    assert "%2F" in fault
    assert "cr" not in fault.replace("write", "")


@pytest.mark.parametrize(
    "url",
    ["postgresql://u@a:1,b:2,c/db", "postgresql://u:p%2F@[::1]:5/db", "postgresql:///db?host=/run"],
)
def test_an_address_may_name_several_servers_or_none(url: str) -> None:
    Settings.from_env({"DATABASE_URL": url, "SECRET_KEY": "k" * 32})


@pytest.mark.parametrize(
    "url", ["bot:s3cret@host", "http://[s3cret@host", "http://a\u2100s3cret@h"]
)
def test_an_address_with_a_password_is_not_quoted(url: str) -> None:
    assert "s3cret" not in "".join(faults(GITLAB_URL=url))


def test_postgresql_needs_a_secret_key() -> None:
    assert faults(DATABASE_URL="postgres://h/db")[0].startswith("SECRET_KEY: needed")


def test_slack_needs_its_token_and_a_way_to_hear_commands() -> None:
    assert faults(SLACK_BOT_TOKEN="xoxb-1")[0].startswith("SLACK_SIGNING_SECRET: needed")
    assert faults(SLACK_SIGNING_SECRET="abc")[0].startswith("SLACK_BOT_TOKEN: needed")
    assert not Settings.from_env({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}).preview


def test_a_malformed_token_is_refused_without_being_shown() -> None:
    found = faults(SLACK_BOT_TOKEN="hunter2-very-secret")
    assert found[0].startswith("SLACK_BOT_TOKEN: not a Slack bot token")
    assert "hunter2" not in "".join(found)


def test_further_instances_carry_their_own_url_and_token() -> None:
    settings = Settings.from_env(
        {"GITLAB_WORK_URL": "https://git.work.example/", "GITLAB_WORK_TOKEN": "t"}
    )
    work = settings.instances[-1]
    assert (work.name, work.forge, work.url) == ("work", "gitlab", "https://git.work.example")
    assert work.token is not None
    assert work.token.reveal() == "t"


def test_a_secret_shows_nowhere_but_in_reveal() -> None:
    settings = Settings.from_env({"GITLAB_TOKEN": "glpat-canary", "WEBHOOK_SECRET": "canary-2"})
    secret = settings.gitlab_token
    assert secret is not None
    shown = f"{settings!r} {settings} {secret} {secret!r} {secret:>10} {[secret]}"
    assert "canary" not in shown
    assert secret.reveal() == "glpat-canary"


def test_a_secret_is_true_when_it_holds_something() -> None:
    assert Secret("x")
    assert not Secret("")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost", "a.localhost"])
def test_loopback_names_are_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["example.com", "10.0.0.1", "127.0.0.1.evil.com"])
def test_other_names_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_every_setting_says_what_it_is_for() -> None:
    for item in fields(Settings):
        if "name" in item.metadata:
            assert item.metadata["doc"].endswith((".", "needed."))


def test_secrets_for_rules_are_those_that_begin_so_but_for_the_bots_own() -> None:
    settings = Settings.from_env(
        {"SECRET_HOOK": "canary", "SECRET_KEY": "k" * 20, "SECRET_": "x", "SECRET_EMPTY": " "}
    )
    assert settings.rule_secret("HOOK") == "canary"
    assert [settings.rule_secret(name) for name in ("KEY", "", "EMPTY", "NOBODY")] == [None] * 4
    assert "canary" not in repr(settings)


def test_places_that_webhooks_may_reach_are_hosts_and_networks() -> None:
    given = "10.1.0.0/16, ci.example.com fd00::/8"
    assert Settings.from_env({"WEBHOOK_ALLOW": given}).webhook_allow == (
        "10.1.0.0/16",
        "ci.example.com",
        "fd00::/8",
    )
    with pytest.raises(ConfigError, match="WEBHOOK_ALLOW: neither a host nor a network"):
        Settings.from_env({"WEBHOOK_ALLOW": "https://x"})


@pytest.mark.parametrize(
    ("given", "api", "pages"),
    [
        ("https://api.github.com/", "https://api.github.com", "https://github.com"),
        ("https://github.com", "https://api.github.com", "https://github.com"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("https://api.acme.ghe.com", "https://api.acme.ghe.com", "https://acme.ghe.com"),
        (
            "https://git.example.com/api/v3",
            "https://git.example.com/api/v3",
            "https://git.example.com",
        ),
        ("http://127.0.0.1:8930", "http://127.0.0.1:8930", "http://127.0.0.1:8930"),
    ],
)
def test_github_is_known_by_its_api_and_its_pages(given: str, api: str, pages: str) -> None:
    for name, setting in (("github", "GITHUB_URL"), ("works", "GITHUB_WORKS_URL")):
        settings = Settings.from_env({setting: given})
        one = next(instance for instance in settings.instances if instance.name == name)
        assert (one.url, one.pages) == (api, pages)


def test_applications_to_sign_in_are_of_each_instance() -> None:
    settings = Settings.from_env(
        {
            "PUBLIC_URL": "https://bot.example.com",
            "GITLAB_OAUTH_ID": "one",
            "GITLAB_OAUTH_SECRET": "first-value",
            "GITHUB_WORKS_URL": "https://git.works.example/api/v3",
            "GITHUB_WORKS_OAUTH_ID": "two",
            "GITHUB_WORKS_OAUTH_SECRET": "second-value",
        }
    )
    found = {one.name: one for one in settings.instances if one.oauth_id}
    assert {name: one.oauth_id for name, one in found.items()} == {"gitlab": "one", "works": "two"}
    assert "value" not in repr(found)


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({"GITLAB_OAUTH_ID": "x"}, "GITLAB_OAUTH_SECRET: needed with GITLAB_OAUTH_ID"),
        ({"GITHUB_OAUTH_SECRET": "x"}, "GITHUB_OAUTH_ID: needed with GITHUB_OAUTH_SECRET"),
        (
            {"GITLAB_A_URL": "https://a.example", "GITLAB_A_OAUTH_ID": "x"},
            "GITLAB_A_OAUTH_SECRET: needed with GITLAB_A_OAUTH_ID",
        ),
        (
            {"GITLAB_OAUTH_ID": "x", "GITLAB_OAUTH_SECRET": "y"},
            "PUBLIC_URL: needed with GITLAB_OAUTH_ID, for the way back from the forge",
        ),
    ],
)
def test_half_an_application_is_none(environ: dict[str, str], fault: str) -> None:
    assert faults(**environ) == (fault,)


@pytest.mark.parametrize(
    ("settings", "public", "closed"),
    [
        ({}, False, False),
        ({"PUBLIC_URL": "http://127.0.0.1:8080"}, False, False),
        ({"PUBLIC_URL": "https://bot.example.com"}, True, True),
        ({"PUBLIC_URL": "https://bot.example.com", "CONSOLE_TOKEN": "t" * 20}, True, False),
    ],
)
def test_with_an_address_for_everybody_the_page_takes_a_token(
    settings: dict[str, str], public: bool, closed: bool
) -> None:
    found = Settings.from_env(settings)
    assert (found.public, found.page_closed) == (public, closed)
