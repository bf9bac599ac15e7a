"""`bot backtest` and `bot try` from a shell: what they print, and how they end."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bot.cli.app import app
from bot.events.samples import sample
from bot.model import Delivery, DeliveryId, Lane
from bot.ports import StoredRuleset
from bot.rules.load import load
from bot.store import open_store
from bot.worker.shadow import COUNTS, TRIAL
from tests.postgres import postgres_server, postgres_url

if TYPE_CHECKING:
    from pathlib import Path

    from bot.model import Json

__all__ = ["postgres_server", "postgres_url"]

KEY = "a-key-for-the-tests"
OLD = 'rules: [{name: pushes, on: push, post: "#dev"}]\n'
NEW = OLD.replace("}]", '}, {name: merges, on: mr.merged, post: "#dev"}]')


@dataclass
class Shell:
    folder: Path
    url: str

    def bot(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*words])
        return done.exit_code, done.output

    def write(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, "utf-8")
        return name

    def kept(self, *names: str, ago: timedelta = timedelta(hours=1)) -> None:
        asyncio.run(self._kept(names, datetime.now(UTC) - ago))

    async def _kept(self, names: tuple[str, ...], at: datetime) -> None:
        async with open_store(self.url, secret_key=KEY) as store:
            ruleset = load({"rules.yaml": OLD}, "rules.yaml")
            stored = StoredRuleset(
                hash=ruleset.hash, files={"rules.yaml": OLD}, entry="rules.yaml", loaded_at=at
            )
            await store.activate_ruleset(stored)
            for number, name in enumerate(names):
                headers, body = sample(name)
                key = f"{at.isoformat()}-{number}"
                delivery = Delivery(
                    id=DeliveryId(f"D{key}"),
                    forge="gitlab",
                    instance="gitlab",
                    hook="shared",
                    key=key,
                    event=headers["X-Gitlab-Event"],
                    lane=Lane("decide:gitlab:1"),
                    headers={"x-gitlab-event": headers["X-Gitlab-Event"]},
                    body=body,
                    received_at=at + timedelta(seconds=number),
                )
                await store.append(delivery)

    def notes(self, prefix: str) -> dict[str, Json]:
        async def main() -> dict[str, Json]:
            async with open_store(self.url, secret_key=KEY) as store:
                return await store.notes(prefix)

        return asyncio.run(main())


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return made(tmp_path, monkeypatch, f"sqlite:///{tmp_path}/bot.db")


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> Shell:
    shell = Shell(folder, url)
    shell.write("rules.yaml", OLD)
    monkeypatch.chdir(folder)
    for name, value in (("RULES", "rules.yaml"), ("DATABASE_URL", url), ("SECRET_KEY", KEY)):
        monkeypatch.setenv(name, value)
    return shell


def test_the_working_tree_is_compared_with_the_rules_in_force(shell: Shell) -> None:
    shell.kept("push", "mr.merged")
    shell.write("rules.yaml", NEW)
    code, told = shell.bot("backtest", "--since", "1d")
    assert code == 0
    assert "24 h, 2 deliveries" in told
    assert "new working tree" in told
    assert "+1" in told
    assert "merges (rules.yaml:1): not in the other rules" in told


def test_another_file_can_be_the_new_rules(shell: Shell) -> None:
    shell.kept("push", "mr.merged")
    code, told = shell.bot("backtest", "--rules", shell.write("new.yaml", NEW), "--json")
    assert code == 0
    assert json.loads(told)["added"] == 1


def test_more_new_messages_than_wanted_end_it_with_one(shell: Shell) -> None:
    shell.kept("mr.merged", "mr.merged")
    shell.write("rules.yaml", NEW)
    assert shell.bot("backtest", "--max-added", "2")[0] == 0
    code, told = shell.bot("backtest", "--max-added", "1")
    assert code == 1
    assert "2 new messages, at most 1 wanted" in told


def test_only_the_window_is_reported(shell: Shell) -> None:
    shell.kept("push", ago=timedelta(days=5))
    shell.kept("push", ago=timedelta(days=1))
    assert json.loads(shell.bot("backtest", "--since", "2d", "--json")[1])["deliveries"] == 1
    assert json.loads(shell.bot("backtest", "--since", "9d", "--json")[1])["deliveries"] == 2
    told = shell.bot("backtest", "--since", "9d", "--until", "2d", "--json")[1]
    assert json.loads(told)["deliveries"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "soon"), "'soon' is neither a duration"),
        (("--rules", "no.yaml"), "cannot be read"),
        (("--manifest", "no.jsonl"), "name the new rules with --rules"),
    ],
)
def test_bad_use_ends_it_with_two(shell: Shell, words: tuple[str, ...], said: str) -> None:
    shell.kept("push")
    code, told = shell.bot("backtest", *words)
    assert code == 2
    assert said in told


def test_without_rules_in_force_there_is_nothing_to_compare(shell: Shell) -> None:
    code, told = shell.bot("backtest")
    assert code == 2
    assert "no rules are in force yet" in told


def test_files_are_replayed_without_a_database(shell: Shell) -> None:
    headers, body = sample("mr.merged")
    (shell.folder / "merged.json").write_bytes(body)
    line = json.dumps({"file": "merged.json", "headers": dict(headers)})
    manifest = shell.write("manifest.jsonl", line + "\n" + line + "\n")
    new = shell.write("new.yaml", NEW)
    code, told = shell.bot("backtest", "--manifest", manifest, "--rules", new, "--max-added", "1")
    assert code == 1
    assert "2 deliveries" in told
    assert not (shell.folder / "bot.db").exists()


async def test_it_reads_postgres_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    shell = made(tmp_path, monkeypatch, postgres_url)
    shell.write("rules.yaml", NEW)
    await asyncio.to_thread(shell.kept, "push", "mr.merged")
    code, told = await asyncio.to_thread(shell.bot, "backtest", "--json")
    assert code == 0
    assert json.loads(told)["added"] == 1


# -- trials -----------------------------------------------------------------------------------


def test_a_trial_is_stored_for_running_bots_and_ended(shell: Shell) -> None:
    shell.kept("push")
    code, told = shell.bot("try", shell.write("new.yaml", NEW), "--for", "2h", "--detach")
    assert code == 0
    assert "Trying new.yaml until" in told
    assert shell.notes(TRIAL)[TRIAL]["name"] == "new.yaml"
    code, told = shell.bot("try", "new.yaml", "--detach")
    assert code == 1
    assert "new.yaml is being tried" in told
    code, told = shell.bot("try", "--stop")
    assert code == 0
    assert "new new.yaml" in told


def test_a_new_trial_forgets_the_counts_of_the_one_before(shell: Shell) -> None:
    shell.kept("push")
    new = shell.write("new.yaml", NEW)
    assert shell.bot("try", new, "--for", "1s", "--detach")[0] == 0

    async def count() -> None:
        async with open_store(shell.url, secret_key=KEY) as store:
            await store.set_meta(f"{COUNTS}old:one", {"counts": {}, "examples": []})

    asyncio.run(count())
    shell.bot("try", "--stop")
    assert shell.bot("try", new, "--detach")[0] == 0
    assert shell.notes(COUNTS) == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name a FILE to try"),
        (("new.yaml", "--stop"), "name a FILE to try"),
        (("new.yaml", "--for", "30d"), "at most 14d"),
        (("broken.yaml",), "unknown event"),
    ],
)
def test_bad_use_of_try_ends_it_with_two(shell: Shell, words: tuple[str, ...], said: str) -> None:
    shell.kept("push")
    shell.write("new.yaml", NEW)
    shell.write("broken.yaml", 'rules: [{on: nonsense, post: "#dev"}]')
    code, told = shell.bot("try", *words)
    assert code == 2
    assert said in told
