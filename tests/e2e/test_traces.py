"""One trace per delivery reaches a collector, from the request to Slack, through two processes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bot.app.otel import span_id, trace_id
from tests.e2e.running import SECRET, Place, Sender, bare_environment
from tests.fakes import slack_faults
from tests.fakes.otlp_server import Collector, Told, collector
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fakes.slack_server import FakeSlack

pytestmark = pytest.mark.timeout(120)
TITLE = "a-title-that-nobody-should-read"


@pytest.fixture
async def otlp() -> AsyncIterator[Collector]:
    async with collector() as made:
        yield made


def settings(otlp: Collector) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test",
    }


async def test_a_delivery_is_one_trace_through_web_and_worker(
    on_postgres: Place, slack: FakeSlack, forge: Sender, otlp: Collector
) -> None:
    on_postgres.settings |= settings(otlp)
    async with on_postgres.bot("worker"), on_postgres.bot("web") as web:
        assert await forge.send(web.url, key="1", branch=TITLE) == 202
        assert await forge.send(web.url, key="1", branch=TITLE) == 202
        assert await forge.send(web.url, key="2", secret="wrong") == 401
        await until(lambda: bool(otlp.named("act")), "the action's span")
        await until(lambda: len(otlp.named("receive")) == 2, "both requests' spans")
    [decide], [act], [post] = (
        otlp.named(name) for name in ("decide", "act", "slack chat.postMessage")
    )
    delivery = act.attributes["bot.delivery"]
    receive, known = sorted(otlp.named("receive"), key=lambda span: span.began_ns)
    [store] = [span for span in otlp.named("store") if span.trace == act.trace]
    assert receive.trace == decide.trace == act.trace == post.trace == f"{trace_id(delivery):032x}"
    assert receive.span == f"{span_id(delivery, 'receive'):016x}"
    assert (receive.parent, store.parent, decide.parent, act.parent, post.parent) == (
        "",
        receive.span,
        receive.span,
        decide.span,
        act.span,
    )
    assert receive.began_ns <= store.began_ns <= store.ended_ns <= receive.ended_ns
    assert receive.ended_ns <= decide.ended_ns <= act.began_ns <= post.began_ns <= act.ended_ns
    assert {span.service for span in otlp.spans} == {"chatops-bot"}
    assert (receive.attributes["bot.outcome"], known.attributes["bot.outcome"]) == (
        "stored",
        "duplicate",
    )
    assert (act.attributes["bot.verb"], act.attributes["bot.outcome"]) == ("post", "done")
    for secret in (TITLE, SECRET, slack.token, slack.signing_secret, "alice"):
        assert secret.encode() not in otlp.raw


async def test_each_try_of_an_action_is_told_with_what_came_of_it(
    place: Place, slack: FakeSlack, forge: Sender, otlp: Collector
) -> None:
    slack.fail("chat.postMessage", slack_faults.status(503))
    async with place.bot(**settings(otlp)) as bot:
        assert await forge.send(bot.url, key="1") == 202
        await until(lambda: len(otlp.named("act")) == 2, "both tries")
    first, second = sorted(otlp.named("act"), key=lambda span: span.began_ns)
    assert first.span != second.span
    assert first.parent == second.parent
    assert [_tried(first), _tried(second)] == [(1, "retry", True), (2, "done", False)]


def _tried(span: Told) -> tuple[int, str, bool]:
    return span.attributes["bot.attempt"], span.attributes["bot.outcome"], span.failed


def test_a_bot_without_traces_never_reads_their_packages() -> None:
    words = "import sys, bot.app; sys.exit('opentelemetry' in str(sys.modules.keys()))"
    asked = subprocess.run([sys.executable, "-c", words], env=bare_environment(), check=False)
    assert asked.returncode == 0
