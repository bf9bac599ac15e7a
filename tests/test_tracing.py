"""Traces are kept when they are asked for, fit together, and never tell what was said."""

from __future__ import annotations

import os
import sys
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bot import tracing
from bot.app.traces import open_traces
from bot.cli.environment import environ
from bot.config import Settings
from bot.errors import ConfigError
from bot.tracing import NO_TRACES, Attribute, Traces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass
class Recorded:
    """`Recorder` that keeps the names, indented by what they lie in."""

    lines: list[str] = field(default_factory=list)
    depth: int = 0

    @contextmanager
    def stage(
        self,
        name: str,
        *,
        trace: str,
        parent: str | None,
        attributes: Mapping[str, Attribute],
        began_ns: int | None = None,
    ) -> Iterator[Recorded]:
        with self.call(f"{trace} {parent}>{name}", attributes):
            yield self

    @contextmanager
    def call(self, name: str, attributes: Mapping[str, Attribute]) -> Iterator[Recorded]:
        self.lines.append(f"{'  ' * self.depth}{name}")
        self.depth += 1
        try:
            yield self
        finally:
            self.depth -= 1

    def tell(self, **attributes: Attribute) -> None:
        self.lines.append(f"{'  ' * self.depth}{attributes}")

    def fail(self, code: str) -> None:
        self.lines.append(f"{'  ' * self.depth}failed: {code}")


def test_stages_name_what_came_before_and_calls_lie_in_them() -> None:
    kept = Recorded()
    traces = Traces(kept)
    with traces.receive("D1", began_ns=None), tracing.call("store"):
        pass
    with traces.decide("D1") as span:
        span.tell(outcome="decided")
    with traces.act("D1") as span, tracing.call("slack chat.postMessage"):
        span.fail("no_channel")
    assert kept.lines == [
        "D1 None>receive",
        "  store",
        "D1 receive>decide",
        "  {'outcome': 'decided'}",
        "D1 decide>act",
        "  slack chat.postMessage",
        "    failed: no_channel",
    ]


def test_what_falls_due_by_itself_begins_a_trace() -> None:
    kept = Recorded()
    with Traces(kept).fall_due("held-1"), tracing.call("store"):
        pass
    assert kept.lines == ["held-1 None>decide", "  store"]


def test_a_call_outside_of_any_stage_is_not_told() -> None:
    kept = Recorded()
    with Traces(kept).act("D1"):
        pass
    with tracing.call("slack users.list") as span:
        span.tell(n=1)
        span.fail("x")
    assert kept.lines == ["D1 decide>act"]


def test_without_a_recorder_nothing_happens() -> None:
    assert not NO_TRACES.kept
    with NO_TRACES.act("D1") as span, tracing.call("slack users.list"):
        span.tell(outcome="done")


async def test_nothing_is_opened_unless_it_is_asked_for() -> None:
    async with AsyncExitStack() as stack:
        assert open_traces(stack, Settings.from_env({})) is NO_TRACES


async def test_missing_packages_are_named_with_the_way_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "bot.app.otel", raising=False)
    settings = Settings.from_env({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"})
    async with AsyncExitStack() as stack:
        with pytest.raises(ConfigError, match=r"pip install 'chatops-bot\[otel\]'"):
            open_traces(stack, settings)


def test_opentelemetry_finds_its_variables_in_the_env_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "mine")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "")
    monkeypatch.delenv("OTEL_TRACES_SAMPLER")
    (tmp_path / ".env").write_text("OTEL_SERVICE_NAME=theirs\nOTEL_TRACES_SAMPLER=always_off\n")
    environ()
    assert (os.environ["OTEL_SERVICE_NAME"], os.environ["OTEL_TRACES_SAMPLER"]) == (
        "mine",
        "always_off",
    )
