"""`bot test`: the inline tests of the rules file, without a running bot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.environment import FAULTS, fail
from bot.cli.rules import counted, loaded, rules_path
from bot.cli.running import run_cli, store
from bot.model import DeliveryId
from bot.rules.inline import Given, InlineTest
from bot.rules.nodes import Spot
from bot.rules.testing import EVENT_HEADERS, coverage, run_test
from bot.rules.times import zone
from bot.slack.mrkdwn import render
from bot.worker.rulebook import reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from bot.model import Delivery
    from bot.rules.expectations import Got
    from bot.rules.ruleset import Ruleset
    from bot.rules.testing import Coverage, Stored, TestResult


def register(app: typer.Typer) -> None:
    app.command("test")(inline_tests)


def inline_tests(
    file: Annotated[
        Path | None, typer.Argument(help="The rules file; by default what RULES names.")
    ] = None,
    show_coverage: Annotated[
        bool, typer.Option("--coverage", help="List the rules that no test fires.")
    ] = False,
    fail_under: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Exit 1 when tests fire fewer percent of the rules."),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(metavar="DELIVERY", help="Print a test of that stored delivery instead."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Run the inline tests of the rules. Exit 1 when one fails. Nothing is sent."""
    path = file or rules_path()
    ruleset = loaded(path)
    if record is not None:
        typer.echo(_recorded(ruleset, record))
        return
    results = _run(ruleset, path, as_json=as_json)
    found = coverage(ruleset, results)
    low = fail_under is not None and found.percent < fail_under
    if as_json:
        typer.echo(json.dumps(_coverage_json(found, path)))
    else:
        _summary(results, path)
        if show_coverage or low:
            typer.echo(_coverage(found, path, fail_under))
    if low or any(not result.passed for result in results):
        raise typer.Exit(FAULTS)


def _run(ruleset: Ruleset, path: Path, *, as_json: bool) -> list[TestResult]:
    """Shows each as soon as it is known."""
    stored = _stored({step.stored for one in ruleset.tests for step in one.given if step.stored})
    results = []
    for one in ruleset.tests:
        result = run_test(one, ruleset, render, stored, reader(path))
        results.append(result)
        typer.echo(
            json.dumps(_json(result), ensure_ascii=False) if as_json else _shown(result, path)
        )
    return results


def _stored(ids: Iterable[str]) -> Stored:
    """Looks up all of them first; the store is left alone when there are none."""
    found: dict[str, Delivery] = {}

    async def main() -> None:
        async with store() as opened:
            for one in ids:
                kept = await opened.delivery(DeliveryId(one))
                if kept is not None:
                    found[one] = kept[0]

    if ids:
        run_cli(main())

    def stored(delivery: str) -> tuple[Mapping[str, str], bytes] | None:
        kept = found.get(delivery)
        return None if kept is None else ({EVENT_HEADERS[kept.forge]: kept.event}, kept.body)

    return stored


# -- for people ----------------------------------------------------------------------------------


def _shown(result: TestResult, path: Path) -> str:
    mark = "–" if result.skipped else "✓" if result.passed else "✗"
    lines = [f"{mark} {result.test.name}"]
    if result.skipped:
        lines[0] += f"   skipped: {result.skipped}"
    for problem in result.problems:
        lines.append(f"    {path.parent / problem.at.file}:{problem.at.line}  {problem.text}")
        lines += [f"      {line}" for line in problem.diff]
    return "\n".join(lines)


def _summary(results: list[TestResult], path: Path) -> None:
    if not results:
        typer.echo(f"{path} has no inline tests; `docs/rules.md` shows how to write one")
        return
    failed = sum(not result.passed for result in results)
    skipped = sum(result.skipped is not None for result in results)
    parts = [f"{len(results) - failed - skipped} passed"]
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{skipped} skipped"] if skipped else []
    typer.echo(f"{counted(len(results), 'inline test')}: {', '.join(parts)}")


def _coverage(found: Coverage, path: Path, wanted: float | None) -> str:
    fired = found.rules - len(found.missed)
    head = f"{fired} of {counted(found.rules, 'rule')} fired by tests, {found.percent:.0f} %"
    if wanted is not None and found.percent < wanted:
        head += f": less than {wanted:g} %"
    rows = [f"  {path.parent / rule.file}:{rule.line}  {rule.name}" for rule in found.missed]
    return "\n".join([head, *(["no test fires:"] if rows else []), *rows])


# -- for machines --------------------------------------------------------------------------------


def _json(result: TestResult) -> dict[str, Any]:
    return {
        "test": result.test.name,
        "file": result.test.at.file,
        "line": result.test.at.line,
        "passed": result.passed,
        "skipped": result.skipped,
        "problems": [
            {"line": one.at.line, "text": one.text, "diff": list(one.diff)}
            for one in result.problems
        ],
        "fired": sorted(result.fired),
    }


def _coverage_json(found: Coverage, path: Path) -> dict[str, Any]:
    missed = [
        {"rule": rule.name, "file": str(path.parent / rule.file), "line": rule.line}
        for rule in found.missed
    ]
    return {"coverage": round(found.percent, 1), "rules": found.rules, "missed": missed}


# -- a test of a stored delivery -----------------------------------------------------------------


def _recorded(ruleset: Ruleset, delivery: str) -> str:
    """A stanza for `tests:`, expecting what the rules do with that delivery alone."""
    kept: list[Delivery] = []

    async def main() -> None:
        async with store() as opened:
            found = await opened.delivery(DeliveryId(delivery))
        if found is None:
            fail(f"no delivery {delivery}; `bot deliveries list` names them", code=FAULTS)
        kept.append(found[0])

    run_cli(main())
    (one,) = kept
    nowhere = Spot("", 1, 1, 1)
    started = one.received_at.astimezone(zone(ruleset.timezone))
    given = Given(at=nowhere, stored=delivery)
    test = InlineTest(
        name="recorded", at=nowhere, start=started, given=(given,), expected=(), exhaustive=False
    )
    source = {EVENT_HEADERS[one.forge]: one.event}
    result = run_test(test, ruleset, render, lambda _id: (source, one.body))
    for problem in result.problems:
        fail(problem.text, code=FAULTS)
    return _stanza(one, started, result.got)


def _stanza(one: Delivery, started: datetime, got: Iterable[Got]) -> str:
    """YAML, of which JSON's texts are a part."""
    lines = [
        f"  - name: {_quoted(f'{one.event} as of {started:%Y-%m-%d}')}  # say what it shows",
        f'    at: "{started:%Y-%m-%d %H:%M}"',
        "    # History is forgotten in time. To keep it: bot deliveries show --body ID > FILE,",
        "    # then instead of `stored`: file: FILE, headers: {…the event header}.",
        f"    given: [{{stored: {one.id}}}]",
    ]
    wanted = [f"      - {_expectation(one)}" for one in got]
    return "\n".join([*lines, "    expect:" if wanted else "    expect: []", *wanted])


def _expectation(got: Got) -> str:
    action = got.action
    parts = [f"{action.verb}: {_quoted(got.to)}"]
    if got.emoji is not None:
        parts.append(f"emoji: {_quoted(got.emoji)}")
    elif got.lead:
        parts.append(f"text_contains: {_quoted(got.lead)}")
    return f"{{{', '.join(parts)}}}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
