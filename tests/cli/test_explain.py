"""`bot explain`: of a stored delivery, of a file, of a message's link."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bot.cli.app import app
from bot.events.samples import sample
from bot.store import open_store
from tests.kept import RULES, Kept
from tests.ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from bot.model import DeliveryId


@dataclass
class Shell:
    """A shell in a folder with rules.yaml and a store."""

    folder: Path

    def bot(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*words])
        return done.exit_code, done.output

    def kept(self, *names: str) -> list[DeliveryId]:
        async def main() -> list[DeliveryId]:
            url = f"sqlite:///{self.folder}/bot.db"
            async with open_store(url, secret_key="a-key-for-the-tests") as store:
                kept = Kept(store)
                return [await kept.take(name) for name in names]

        return asyncio.run(main())


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    (tmp_path / "rules.yaml").write_text(RULES, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RULES", "rules.yaml")
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/bot.db")
    monkeypatch.setenv("SECRET_KEY", "a-key-for-the-tests")
    monkeypatch.setenv("PORT", f"{free_port()}")
    return Shell(tmp_path)


def test_a_stored_delivery_is_explained_by_the_rules_of_its_day(shell: Shell) -> None:
    opened, pushed = shell.kept("mr.opened", "mr.pushed")
    (shell.folder / "rules.yaml").write_text("rules: []\n", "utf-8")
    code, told = shell.bot("explain", pushed)
    assert code == 0
    head, *rest = told.splitlines()
    assert head.startswith(f"delivery {pushed}  gitlab  mr.pushed  shop/api !7  by alice  22 Nov ")
    assert rest[0].split() == [
        "✓", "MR", "card", "rules.yaml:3", "→", "card", "#dev", "edited", "(ts",
        "1763844501.000100)", "41", "ms",
    ]  # fmt: skip
    assert rest[1].split() == ["✗", "by", "area", "rules.yaml:4", "2", "of", "3", "failed"]
    assert "    ✗ on      mr.opened, mr.labeled  ← mr.pushed  event not listed" in rest
    assert "    ✗ labels  backend                ← []" in rest
    assert rest[-1] == "· 2 rules not candidates (event type or project); --all lists them"
    assert opened != pushed


def test_all_lists_every_rule(shell: Shell) -> None:
    (opened,) = shell.kept("mr.opened")
    _, told = shell.bot("explain", opened, "--all")
    assert "not candidates" not in told
    assert "✗ project  other/x" in told


def test_a_messages_link_leads_to_the_delivery_that_made_it(shell: Shell) -> None:
    opened, _ = shell.kept("mr.opened", "mr.pushed")
    code, told = shell.bot(
        "explain", "https://team.slack.com/archives/C0DEV0001/p1763844501000100?cid=C0DEV0001"
    )
    assert code == 0
    assert told.startswith(f"delivery {opened}  gitlab  mr.opened")


def test_a_file_is_explained_by_the_rules_as_they_are(shell: Shell) -> None:
    (shell.folder / "merge_request_hook__a.json").write_bytes(sample("mr.opened")[1])
    code, told = shell.bot("explain", "merge_request_hook__a.json", "--json")
    assert code == 0
    found = json.loads(told)
    assert found["names"] == ["mr.opened"]
    by_name = {one["rule"]: one for one in found["rules"]}
    assert [one["state"] for one in by_name["MR card"]["actions"]] == ["planned"]
    failed = [c["field"] for c in by_name["by area"]["conditions"] if not c["passed"]]
    assert failed == ["labels"]


@pytest.mark.parametrize(
    "what", ["nowhere", "https://team.slack.com/archives/C0DEV0001/p1763844599000100"]
)
def test_what_is_not_known_is_said(shell: Shell, what: str) -> None:
    shell.kept("mr.opened")
    code, told = shell.bot("explain", what)
    assert code == 1
    assert "no " in told
