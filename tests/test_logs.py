"""The log never shows a secret, not even in a traceback."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import sys

import pytest
import structlog
from typing_extensions import override

from bot import logs


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


@pytest.mark.parametrize("odd", [1, 1 << 80, "\ud800"])
def test_each_line_says_when_whatever_else_it_holds(
    odd: object, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up(level="INFO", style="json")
    structlog.get_logger().info("came", odd=odd)
    said = json.loads(capsys.readouterr().err)
    assert said["odd"] == odd
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", said["timestamp"])


def test_what_other_libraries_say_is_a_line_whatever_they_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up(level="INFO", style="json")
    extra = {"timestamp": "then", "level": "low", "big": 1 << 80, "api_token": "not-for-eyes"}
    logging.getLogger("elsewhere").warning("odd", extra=extra)
    said = json.loads(capsys.readouterr().err)
    assert (said["event"], said["level"], said["big"]) == ("odd", "warning", 1 << 80)
    assert said["api_token"] == "***"
    assert said["timestamp"].endswith("Z")


class Pieces(io.StringIO):
    """Standard error that keeps apart what was written apart."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[list[str]] = []

    @override
    def write(self, text: str) -> int:
        self.pieces.append([json.loads(line)["event"] for line in text.splitlines()])
        return len(text)


async def test_what_a_loop_says_in_one_turn_goes_out_in_one_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", out := Pieces())
    logs.set_up(level="INFO", style="json")
    log = structlog.get_logger()
    log.info("one")
    log.info("two")
    assert out.pieces == []
    await asyncio.sleep(0)
    assert out.pieces == [["one", "two"]]


async def test_a_warning_goes_out_at_once_and_after_what_was_said_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", out := Pieces())
    logs.set_up(level="INFO", style="json")
    log = structlog.get_logger()
    log.info("one")
    log.warning("two")
    assert out.pieces == [["one", "two"]]
    await asyncio.sleep(0)
    assert out.pieces == [["one", "two"]]


async def test_another_thread_writes_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", out := Pieces())
    logs.set_up(level="INFO", style="json")
    await asyncio.to_thread(structlog.get_logger().info, "aside")
    assert out.pieces == [["aside"]]
