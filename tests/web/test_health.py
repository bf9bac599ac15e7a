"""What load balancers and Prometheus are told."""

from __future__ import annotations

import pytest

from bot.metrics import MAX_CODES, Metrics
from bot.web.rules_state import RulesState
from tests.web.fakes import JSON_TYPE, Site, served


async def test_the_process_is_healthy_even_when_nothing_can_be_stored() -> None:
    site = Site()
    site.inbox.broken = True
    async with served(site) as client, client.get("/healthz") as answer:
        assert answer.status == 200


async def test_it_is_ready_when_it_can_write_and_has_rules() -> None:
    async with served(Site()) as client, client.get("/readyz") as answer:
        assert answer.status == 200
        assert await answer.json() == {"status": "ready", "store": "ok", "rules": "ok"}


async def test_stale_rules_are_told_and_do_not_make_it_unready() -> None:
    site = Site(rules=RulesState(status="stale", file="rules.yaml"))
    async with served(site) as client:
        async with client.get("/readyz") as answer:
            assert (answer.status, (await answer.json())["rules"]) == (200, "stale")
        async with client.get("/metrics") as answer:
            assert "bot_rules_stale 1.0" in await answer.text()


@pytest.mark.parametrize("fault", ["broken", "probes_hang"])
async def test_it_is_not_ready_when_it_cannot_write(fault: str) -> None:
    site = Site()
    setattr(site.inbox, fault, True)
    async with served(site) as client, client.get("/readyz") as answer:
        assert answer.status == 503
        assert (await answer.json())["store"] == "cannot write"


async def test_it_is_not_ready_without_rules() -> None:
    site = Site(rules=RulesState(status="none", file="rules.yaml"))
    async with served(site) as client, client.get("/readyz") as answer:
        assert (answer.status, (await answer.json())["rules"]) == (503, "none")


async def test_metrics_count_deliveries_by_outcome_and_know_no_strangers_words() -> None:
    async with served(Site()) as client:
        async with client.post("/hooks/gitlab", data=b"{}", headers=JSON_TYPE):
            pass
        async with client.post("/hooks/whatever", data=b"{}", headers=JSON_TYPE):
            pass
        async with client.get("/metrics") as answer:
            text = await answer.text()
    assert 'bot_deliveries_total{forge="gitlab",outcome="401"} 1.0' in text
    assert 'bot_deliveries_total{forge="unknown",outcome="404"} 1.0' in text
    assert "whatever" not in text


def test_a_server_cannot_make_the_labels_grow_without_end() -> None:
    site = Site()
    metrics: Metrics = site.metrics
    for number in range(MAX_CODES + 5):
        metrics.slack_failed(f"code_{number}")
    metrics.slack_failed("code_1")
    [family] = metrics.slack_errors.collect()
    counts = {s.labels["code"]: s.value for s in family.samples if s.name.endswith("_total")}
    assert counts["code_1"] == 2
    assert counts["other"] == 5
