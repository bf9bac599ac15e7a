"""20. Secrets only as `${secret:NAME}`; in no template's scope, trace, back-test or schema."""

from __future__ import annotations

import json

import pytest

from bot.rules.report import report, trace_of
from bot.rules.report_text import as_json
from bot.rules.schema_json import schema
from tests.deciding import event_of
from tests.rules.points import bench
from tests.rules.rules_text import errors_of

HOOK = (
    "rules: [{name: h, on: push, allow: webhook,"
    " webhook: {url: '${secret:E2E_HOOK}', headers: {X-Key: '${secret:KEY2}'}}}]"
)


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_E2E_HOOK", "https://hush.example/s3cr3t")


def test_point_20_the_name_is_kept_and_never_the_value() -> None:
    run = bench(HOOK)
    decision = run.decide("push")
    told = json.dumps(as_json(report("d1", trace_of(decision), event=event_of("push"))))
    assert "s3cr3t" not in told + repr(decision)
    assert "${secret:E2E_HOOK}" in repr(decision.actions[0].call)


def test_point_20_no_template_can_name_one() -> None:
    (fault,) = errors_of("rules: [{on: push, post: {to: dev, text: '{{ secret.E2E_HOOK }}'}}]")
    assert fault.text == "unknown field `secret.E2E_HOOK`"


def test_point_20_in_a_text_for_people_it_stays_the_letters_that_were_written() -> None:
    run = bench("rules: [{on: push, post: {to: dev, text: 'x ${secret:E2E_HOOK}'}}]")
    assert run.does("push") == ["post C0DEV0001: x ${secret:E2E_HOOK}"]


def test_point_20_the_schema_holds_none() -> None:
    assert "s3cr3t" not in json.dumps(schema())
