"""`bot deliveries list` says what came and how much was done about it."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.test_explain import Shell, shell

__all__ = ["shell"]


def rows(shell: Shell, *words: str) -> list[dict[str, Any]]:
    code, told = shell.bot("deliveries", "list", "--json", *words)
    assert code == 0
    return [json.loads(line) for line in told.splitlines()]


def test_each_delivery_has_its_names_and_counts_its_actions(shell: Shell) -> None:
    shell.kept("mr.opened", "tag")
    tagged, opened = rows(shell)
    assert (tagged["names"].split(", ")[0], tagged["actions"]) == ("tag", 0)
    assert (opened["names"], opened["project"], opened["status"]) == (
        "mr.opened",
        "shop/api",
        "decided",
    )
    assert opened["actions"] > 0


def test_an_event_is_looked_for_by_its_name_or_kind(shell: Shell) -> None:
    shell.kept("mr.opened", "tag", "mr.merged")
    assert [row["names"] for row in rows(shell, "--event", "mr")] == ["mr.merged", "mr.opened"]
    assert [row["names"] for row in rows(shell, "--event", "mr.opened")] == ["mr.opened"]
    assert len(rows(shell, "--limit", "1", "--event", "mr")) == 1
    assert shell.bot("deliveries", "list", "--event", "push")[1] == "None is so.\n"
    code, said = shell.bot("deliveries", "list", "--event", "mr.opend")
    assert (code, "bot fields" in said) == (2, True)


def test_where_nobody_looks_at_a_terminal_each_delivery_is_one_line(shell: Shell) -> None:
    shell.kept("mr.opened", "pipeline.failed")
    head, failed, opened = shell.bot("deliveries", "list")[1].splitlines()
    assert head.split() == ["id", "received", "event", "project", "status", "actions"]
    assert "  pipeline.broken, pipeline.failed  shop/api  decided  " in failed
    assert "  mr.opened  " in opened
    assert "Hook" not in opened
