"""The docs know everything there is, lead nowhere wrong, and are as the code makes them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Final

import pytest
import typer
import yaml
from prometheus_client import CollectorRegistry
from typer.core import TyperGroup

from bot import commands, events
from bot.cli.app import app
from bot.config import Settings
from bot.errors import RulesError
from bot.metrics import Metrics
from bot.rules.conditions import ON_RULE
from bot.rules.entries import CHILD_KEYS, RULE_KEYS
from bot.rules.load import FILE_KEYS, load
from bot.rules.schema_json import schema
from bot.rules.settings import CHANNEL_KEYS, DEFAULT_KEYS, HOURS_KEYS, MUTE_KEYS
from bot.rules.template_nodes import FILTERS, TESTS
from bot.rules.verbs import VERBS
from tests.readme_blocks import ROOT, blocks, pages

BIN: Final = Path(sys.executable).parent


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def undocumented(words: Iterable[str], page: str) -> list[str]:
    """Words that the page never shows as code, alone or with what follows them."""
    code = re.findall(r"`([^`\n]+)`", text_of(page).replace("\\|", "|"))
    known = {word for span in code for word in re.findall(r"[\w.$%/-]+", span)} | set(code)
    return sorted({word for word in words if word not in known})


def test_the_tables_are_as_the_code_makes_them() -> None:
    docs = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
    done = subprocess.run(
        [BIN / "cog", "--check", "README.md", *docs],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, f"run `make docs`\n{done.stdout}{done.stderr}"


def test_every_setting_is_in_the_readme() -> None:
    names = [item.metadata["name"] for item in fields(Settings) if "name" in item.metadata]
    assert len(names) > 15
    assert undocumented(names, "README.md") == []


def test_every_key_of_the_rules_is_documented() -> None:
    keys = {*FILE_KEYS, *RULE_KEYS, *CHILD_KEYS, *ON_RULE, *VERBS}
    keys |= {*CHANNEL_KEYS, *DEFAULT_KEYS, *HOURS_KEYS, *MUTE_KEYS}
    words = text_of("docs/rules.md")
    assert sorted(key for key in keys if not re.search(rf"\b{key}\b", words)) == []


def test_every_key_of_a_verb_that_works_is_documented() -> None:
    shown = text_of("docs/rules.md")
    working = [verb for verb in VERBS if f"| `{verb}` |" in shown]
    assert {"post", "card", "reply", "react"} <= set(working)
    keys = {key for verb in working for key in VERBS[verb]}
    assert undocumented(keys, "docs/rules.md") == []


def test_every_filter_and_test_of_texts_is_documented() -> None:
    assert undocumented([*FILTERS, *(f"is {name}" for name in TESTS)], "docs/rules.md") == []


def test_every_matcher_is_documented() -> None:
    maps = [one for one in schema()["definitions"]["matcher"]["anyOf"] if "properties" in one]
    keys = [key for one in maps for key in one["properties"]]
    assert "starts" in keys
    assert [key for key in keys if f"{{{key}: " not in text_of("docs/rules.md")] == []


def matcher_examples() -> list[str]:
    rows = re.findall(r"^\| .* \| `([^`]+)` \|$", text_of("docs/rules.md"), re.MULTILINE)
    return [row.replace("\\|", "|") for row in rows if ": " in row]


@pytest.mark.parametrize("example", matcher_examples())
def test_the_example_of_a_matcher_loads(example: str) -> None:
    tried = []
    for event in ("mr.opened", "push", "pipeline.failed"):
        rule = f'rules: [{{on: {event}, if: {{{example}}}, post: "#dev"}}]'
        try:
            assert load({"rules.yaml": rule}, "rules.yaml").rules
        except RulesError as error:
            tried.append(str(error))
        else:
            return
    pytest.fail("\n".join(tried))


def test_there_are_examples_of_matchers() -> None:
    assert len(matcher_examples()) > 10


def test_every_event_and_field_is_documented() -> None:
    names = {name.name for spec in events.ALL for name in spec.names} | set(events.event_names())
    known = {field.name for spec in events.ALL for field in spec.fields}
    assert undocumented(names | known, "docs/events.md") == []


def test_every_command_is_documented() -> None:
    usages = [f"/hook {spec.usage}" for spec in commands.ALL]
    assert undocumented(usages, "docs/commands.md") == []


def verbs(command: object, path: str = "bot") -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for name in command.commands:
            inner = command.get_command(typer.Context(command), name)
            yield from verbs(inner, f"{path} {name}")
    else:
        yield path


def test_every_verb_of_the_command_line_is_documented() -> None:
    page = text_of("docs/commands.md")
    found = list(verbs(typer.main.get_command(app)))
    assert len(found) > 15
    assert [verb for verb in found if not re.search(rf"\| `{verb}[` ]", page)] == []


def test_every_metric_is_documented() -> None:
    registry = CollectorRegistry()
    Metrics(registry)
    names = [f"{one.name}{'_total' * (one.type == 'counter')}" for one in registry.collect()]
    assert len(names) > 5
    assert undocumented(names, "docs/operations.md") == []


def test_the_scopes_of_the_manifest_are_documented() -> None:
    manifest = yaml.safe_load(text_of("bot/slack/manifest.yaml"))
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    table = text_of("docs/security.md").partition("## Scopes")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)) == scopes


def test_what_simulate_prints_is_documented(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text('rules: [{on: any, post: "#dev"}]')
    done = subprocess.run(
        [
            *(BIN / "bot", "simulate", "--json", "--header", "X-Gitlab-Event: Issue Hook"),
            ROOT / "tests/payloads/gitlab/issue_hook__open.json",
        ],
        cwd=tmp_path,
        env={"PATH": f"{BIN}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    (shown,) = blocks("docs/operations.md", "json")
    for printed in (json.loads(done.stdout), json.loads(shown.text)):
        keys = [f"actions[].{key}" for key in printed.pop("actions")[0]]
        page = text_of("docs/operations.md")
        assert [key for key in (*printed, *keys) if f"| `{key}` |" not in page] == []


LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", pages())
def test_every_link_leads_somewhere(page: str) -> None:
    broken = [target for target in LINK.findall(text_of(page)) if not leads(page, target)]
    assert broken == []


def leads(page: str, target: str) -> bool:
    if target.startswith(("https://", "http://", "mailto:")):
        return True
    path, _, anchor = target.partition("#")
    file = (ROOT / page).parent / path if path else ROOT / page
    if not file.exists() or not file.resolve().is_relative_to(ROOT):
        return False
    return not anchor or anchor in anchors(file)


def anchors(file: Path) -> set[str]:
    """As GitHub and GitLab make them of headings."""
    headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in headings}


@pytest.mark.parametrize("page", pages())
def test_nothing_of_one_machine_is_told(page: str) -> None:
    told = text_of(page).lower()
    private = [r"/home/\w", r"/root/", r"/users/\w", r"/work/", r"/tmp/", r"c:\\\\"]
    hosts = ["pypi.org", "pythonhosted", "npmjs", "artifactory", "nexus", "proxy.golang", "ghcr.io"]
    assert [word for word in (*private, *hosts) if re.search(word, told)] == []


def test_every_decision_is_in_the_index_and_has_its_number() -> None:
    folder = ROOT / "docs/adr"
    decisions = sorted(path.name for path in folder.glob("*.md") if path.name != "README.md")
    index = (folder / "README.md").read_text("utf-8")
    assert re.findall(r"\]\((.+?\.md)\)", index) == decisions
    numbers = [name[:4] for name in decisions]
    assert numbers == [f"{number:04}" for number in range(1, len(decisions) + 1)]
    for name in decisions:
        assert (folder / name).read_text("utf-8").startswith(f"# {name[:4]}: ")
