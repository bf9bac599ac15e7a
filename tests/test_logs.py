"""The log never shows a secret, not even in a traceback."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _fail() -> None:
    held = "".join(("xapp-", "not-for-", "eyes:-", "ok"))
    raise ValueError(f"{len(held)} letters")


@pytest.mark.parametrize("style", ["console", "json"])
def test_a_traceback_shows_no_local_variables(
    style: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up(level="DEBUG", style=style)
    for log in (structlog.get_logger(), logging.getLogger("elsewhere")):
        try:
            _fail()
        except ValueError:
            log.exception("it failed")
    said = capsys.readouterr().err
    assert said.count("21 letters") >= 2
    assert "xapp-not-for-eyes:-ok" not in said


def test_fields_that_hold_secrets_are_starred(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up(level="INFO", style="json")
    structlog.get_logger().info("made", slack_token="xoxb-1", reply_to="https://x", port=1)
    said = json.loads(capsys.readouterr().err)
    assert (said["slack_token"], said["reply_to"], said["port"]) == ("***", "***", 1)
