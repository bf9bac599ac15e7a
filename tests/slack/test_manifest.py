"""The Slack app's manifest asks for what the bot uses, and for nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

import bot.slack
from tests.fakes.slack_arguments import METHODS

SLACK = Path(bot.slack.__path__[0])
SOURCE = (SLACK / "manifest.yaml").read_text(encoding="utf-8")
_CALLERS = ("client.py", "roster.py")
HTTP: dict[str, Any] = yaml.safe_load(SOURCE)


def socket_variant() -> dict[str, Any]:
    """The manifest changed as its comments say."""
    lines = [line for line in SOURCE.splitlines() if not line.endswith("(http)")]
    made: dict[str, Any] = yaml.safe_load(
        "\n".join(re.sub(r"# (.*# \(socket\))$", r"\1", line) for line in lines)
    )
    return made


def test_it_has_the_shape_slack_wants() -> None:
    assert set(HTTP) == {
        "_metadata",
        "display_information",
        "features",
        "oauth_config",
        "settings",
    }
    assert len(HTTP["display_information"]["name"]) <= 35
    assert len(HTTP["display_information"]["description"]) <= 140
    assert re.fullmatch(r"#[0-9a-f]{6}", HTTP["display_information"]["background_color"])
    assert re.fullmatch(r"[a-z0-9_.-]{1,80}", HTTP["features"]["bot_user"]["display_name"])


def test_the_command_is_escaped_and_arrives_where_the_bot_listens() -> None:
    (command,) = HTTP["features"]["slash_commands"]
    assert command["command"] == "/hook"
    assert command["should_escape"] is True
    assert command["url"].startswith("https://")
    assert command["url"].endswith("/slack/events")
    assert command["usage_hint"].startswith("add group/repo")


def test_the_socket_variant_has_no_address() -> None:
    made = socket_variant()
    assert made["settings"]["socket_mode_enabled"] is True
    assert "url" not in made["features"]["slash_commands"][0]
    assert made["oauth_config"] == HTTP["oauth_config"]
    assert HTTP["settings"]["socket_mode_enabled"] is False


def test_the_scopes_are_those_of_the_methods_the_client_calls() -> None:
    client = "".join((SLACK / name).read_text(encoding="utf-8") for name in _CALLERS)
    called = {name for name in METHODS if f'"{name}"' in client}
    assert "chat.postMessage" in called
    needed = {scope for name in called for scope in METHODS[name].scopes}
    private = {scope.replace("channels:", "groups:") for scope in needed if "channels:" in scope}
    assert set(HTTP["oauth_config"]["scopes"]["bot"]) == needed | private | {
        "chat:write.public",
        "commands",
        # What conversations.history needs of a conversation with one person.
        "im:history",
        # What users:read.email needs beside it.
        "users:read",
    }
