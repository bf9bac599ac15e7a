"""Which proxy Slack is reached through."""

from __future__ import annotations

import pytest

from bot.slack.proxy import proxy_for
from bot.slack.sdk import web_client

SLACK = "https://slack.com/api/"


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("named", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"https_proxy": "http://one:1"}, "http://one:1"),
        ({"HTTP_PROXY": "http://two:2"}, "http://two:2"),
        ({"HTTPS_PROXY": "http://one:1", "HTTP_PROXY": "http://two:2"}, "http://one:1"),
    ],
)
def test_messages_and_commands_go_through_the_one_that_the_environment_names(
    named: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(SLACK) == web_client(None, api_url=SLACK).proxy == proxy


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1:1", "[::1]:1"])
def test_this_machine_is_reached_without_one(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://one:1")
    api_url = f"http://{host}/api/"
    assert proxy_for(api_url) is web_client(None, api_url=api_url).proxy is None
