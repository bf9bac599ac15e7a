"""What `bot doctor` says of settings that work and are weak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.cli.weak import weak
from bot.config import Settings

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {
    "WEBHOOK_SECRET": "2vqNj3mKp8wXz5Rt",
    "CONSOLE_TOKEN": "Yf7hLq0sBn4dGc9E",
    "PUBLIC_URL": "https://bot.example.com",
    "GITLAB_TOKEN": "glpat-x",
    "TRUSTED_PROXIES": "10.0.0.5, 2001:db8::/48",
    "WEBHOOK_ALLOW": "10.1.0.0/16, ci.example.com",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(**changed: str) -> list[str]:
    return [said for good, said in weak(Settings.from_env(GOOD | changed)) if good is not True]


def test_strong_settings_are_passed_over_in_silence() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"WEBHOOK_SECRET": "secret"}, "WEBHOOK_SECRET is short or simple"),
        ({"CONSOLE_TOKEN": "0" * 40}, "CONSOLE_TOKEN is short or simple"),
        ({"CONSOLE_TOKEN": GOOD["WEBHOOK_SECRET"]}, "CONSOLE_TOKEN is the same as WEBHOOK_SECRET"),
        ({"PUBLIC_URL": "http://bot.example.com"}, "PUBLIC_URL is http"),
        ({"SLACK_API_URL": "http://slack.example.com/api"}, "SLACK_API_URL is http"),
        ({"GITLAB_URL": "http://gitlab.example.com"}, "the address of gitlab is http"),
        ({"TRUSTED_PROXIES": ""}, "TRUSTED_PROXIES is not set"),
        ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "lets strangers say who they are"),
        ({"TRUSTED_PROXIES": "::/0"}, "lets strangers say who they are"),
        ({"WEBHOOK_ALLOW": "169.254.0.0/16"}, "a cloud's metadata service"),
    ],
)
def test_a_weak_setting_is_named_with_what_it_opens(changed: dict[str, str], said: str) -> None:
    [told] = found(**changed)
    assert said in told


def test_no_secret_is_quoted() -> None:
    told = found(WEBHOOK_SECRET="hunter2", CONSOLE_TOKEN="hunter2")
    assert len(told) == 3
    assert "hunter2" not in "".join(told)


@pytest.mark.parametrize("name", [".env", "var/bot.db", "var/bot.db.key"])
def test_files_that_others_can_read_are_named(folder: Path, name: str) -> None:
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("")
    file.chmod(0o640)
    [told] = found()
    assert f"chmod 600 {name}" in told
    file.chmod(0o600)
    assert found() == []
