"""Runs the inline tests of a ruleset: a virtual clock, state in memory, no network, no files but
those that the caller reads. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bot import events
from bot.errors import BotError, PayloadError
from bot.events.samples import sample
from bot.events.samples.overrides import override
from bot.model import DeliveryId, Outcome
from bot.payload import read_object
from bot.registry import Source
from bot.rules.decide import Surroundings
from bot.rules.expectations import Got, differences
from bot.rules.faults import FAULT_LIMIT, Faults
from bot.rules.nodes import shorten
from bot.rules.remembered import Playback

if TYPE_CHECKING:
    from datetime import datetime

    from bot.message import Text
    from bot.model import Decision, Event, Json
    from bot.rules.inline import Given, InlineTest
    from bot.rules.nodes import Spot
    from bot.rules.ruleset import Rule, Ruleset

#: A stored delivery's headers (lower case) and body by its id; None when it is not kept.
Stored: TypeAlias = Callable[[str], "tuple[Mapping[str, str], bytes] | None"]
#: A file's bytes by its path relative to the rules' directory. Raises OSError.
Read: TypeAlias = Callable[[str], bytes]
#: A text as its target writes it: Slack's mrkdwn.
Render: TypeAlias = Callable[["Text"], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a test fails, and the line of the test that says so."""

    at: Spot
    text: str
    #: Expected against got, a line each: `  ` as expected, `- ` missing, `+ ` too much.
    diff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    __test__ = False  # else pytest takes the class for tests of its own

    test: InlineTest
    problems: tuple[Problem, ...] = ()
    #: Why it was not run.
    skipped: str | None = None
    #: Names of the rules that matched.
    fired: frozenset[str] = frozenset()
    #: What was done, as lines.
    got: tuple[Got, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems


def run_tests(
    ruleset: Ruleset, *, render: Render, stored: Stored | None = None, read: Read | None = None
) -> tuple[TestResult, ...]:
    """In the order of the files. Without `stored` or `read`, tests that need them are skipped."""
    return tuple(run_test(test, ruleset, render, stored, read) for test in ruleset.tests)


def run_test(
    test: InlineTest,
    ruleset: Ruleset,
    render: Render,
    stored: Stored | None = None,
    read: Read | None = None,
) -> TestResult:
    if stored is None and any(step.stored for step in test.given):
        return TestResult(test=test, skipped="it needs the history of deliveries")
    if read is None and any(step.file for step in test.given):
        return TestResult(test=test, skipped="it needs files")
    run = _Run(test, ruleset, render, _Sources(stored, read))
    return run.result()


class _Sources:
    """Where deliveries come from."""

    def __init__(self, stored: Stored | None, read: Read | None) -> None:
        self._stored = stored
        self._read = read

    def event(self, step: Given, now: datetime) -> Event:
        """Raises BotError or OSError when it cannot be had."""
        headers, body = self._delivery(step, now)
        for forge, name in EVENT_HEADERS.items():
            if name in headers:
                source = Source(forge=forge, instance=forge, event=headers[name])
                return events.understand(source, read_object(body))
        raise PayloadError("no header names the event; give `headers: {X-Gitlab-Event: …}`")

    def _delivery(self, step: Given, now: datetime) -> tuple[Mapping[str, str], bytes]:
        if step.event is not None:
            values = {"at": now, **step.values}
            headers, body = sample(step.event, overrides=values)
            return {name.lower(): value for name, value in headers.items()}, body
        if step.stored is not None:
            found = self._stored(step.stored) if self._stored is not None else None
            if found is None:
                raise PayloadError(f"delivery {step.stored} is not kept; keep its body as a file")
            return _changed(*found, step.values)
        if step.file is None or self._read is None:
            raise PayloadError("nothing is given")
        named = step.headers or headers_of(step.file)
        return _changed(named, self._read(step.file), step.values)


def _changed(
    headers: Mapping[str, str], body: bytes, values: Mapping[str, Json]
) -> tuple[Mapping[str, str], bytes]:
    if not values:
        return headers, body
    raw: dict[str, Any] = dict(read_object(body))
    name = headers.get(EVENT_HEADERS["gitlab"], "")
    try:
        name = override(raw, name, values)
    except KeyError as error:
        raise PayloadError(f"`{error.args[0]}` cannot be changed in a delivery") from error
    return {**headers, EVENT_HEADERS["gitlab"]: name}, json.dumps(raw).encode()


#: Forge -> the header that names its events, lower-case.
EVENT_HEADERS: Final = {"gitlab": "x-gitlab-event", "github": "x-github-event"}


def headers_of(path: str) -> dict[str, str]:
    """The event header that a file's name tells: `merge_request_hook__opened.json` was a `Merge
    Request Hook`; below a folder `github`, `pull_request__opened.json` was a `pull_request`."""
    *folders, last = path.split("/")
    word = last.partition("__")[0].partition(".")[0]
    if "github" in folders:
        return {EVENT_HEADERS["github"]: word}
    return {EVENT_HEADERS["gitlab"]: word.replace("_", " ").title()}


class _Run:
    """One test on its way."""

    def __init__(
        self, test: InlineTest, ruleset: Ruleset, render: Render, sources: _Sources
    ) -> None:
        self._test = test
        self._render = render
        self._sources = sources
        named = {slack_id: name for name, slack_id in ruleset.people.items()}
        aliases = {declared.to: alias for alias, declared in ruleset.channels.items()}
        self._aliases = {**named, **aliases}
        self._playback = Playback(ruleset, Surroundings(specs=events.SPECS))
        self._now = test.start
        self._got: list[Got] = []
        self._fired: set[str] = set()
        self._problems: list[Problem] = []

    def result(self) -> TestResult:
        self._pass_time()
        for number, step in enumerate(self._test.given, 1):
            self._now += step.after
            self._pass_time()
            self._step(step, DeliveryId(f"test-{number}"))
        if not self._problems:
            self._compare()
        return TestResult(
            test=self._test,
            problems=tuple(self._problems),
            fired=frozenset(self._fired),
            got=tuple(self._got),
        )

    def _step(self, step: Given, delivery: DeliveryId) -> None:
        if step.event is None and step.file is None and step.stored is None:
            return
        try:
            event = self._sources.event(step, self._now)
        except (BotError, OSError) as error:
            self._problems.append(Problem(at=step.at, text=str(error)))
            return
        known = {field.name for field in events.SPECS[event.kind].fields}
        facts = {name: value for name, value in step.api.items() if name in known}
        # A test that says nothing of the API has none to ask.
        decision = self._playback.feed(
            event,
            delivery=delivery,
            now=self._now,
            around=replace(self._playback.around, late=step.late) if step.late else None,
            facts=facts if step.api else None,
        )
        self._take(decision, step.at)

    def _pass_time(self) -> None:
        """What fell due until now is done."""
        for _, decision in self._playback.decisions_until(self._now):
            self._take(decision, self._test.at)

    def _take(self, decision: Decision, at: Spot) -> None:
        for verdict in decision.verdicts:
            if verdict.outcome in {Outcome.SENT, Outcome.WITHHELD}:
                self._fired.add(verdict.rule)
            elif verdict.outcome in {Outcome.ERROR, Outcome.UNKNOWN}:
                text = f"rule `{verdict.rule}` {verdict.outcome.value}: {verdict.reason}"
                if verdict.outcome is Outcome.UNKNOWN:
                    text += "; a test tells it under `api:`"
                self._problems.append(Problem(at=at, text=text))
        self._got += [Got.of(action, self._render, self._aliases) for action in decision.actions]

    def _compare(self) -> None:
        found = differences(self._test.expected, self._got, exhaustive=self._test.exhaustive)
        for at, text, diff in found:
            self._problems.append(Problem(at=at or self._test.at, text=text, diff=diff))


# -- coverage ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which rules some test fired."""

    rules: int
    #: In the order they are tried.
    missed: tuple[Rule, ...]

    @property
    def percent(self) -> float:
        return 100.0 if not self.rules else 100.0 * (self.rules - len(self.missed)) / self.rules


def coverage(ruleset: Ruleset, results: Sequence[TestResult]) -> Coverage:
    """Of the rules that act; a `first:` counts as its children."""
    leaves = [leaf for rule in ruleset.rules for leaf in (rule.first or (rule,))]
    fired = {name for result in results for name in result.fired}
    missed = tuple(rule for rule in leaves if rule.name not in fired)
    return Coverage(rules=len(leaves), missed=missed)


# -- before going live ---------------------------------------------------------------------------


def check_tests(
    ruleset: Ruleset, sources: Mapping[str, str], *, render: Render, read: Read | None
) -> None:
    """Raises RulesError with a fault at each expectation that does not hold. `sources`: the
    files' texts."""
    faults = Faults(sources)
    failing = (
        (result.test, problem)
        for result in run_tests(ruleset, render=render, read=read)
        for problem in result.problems
    )
    for test, problem in islice(failing, FAULT_LIMIT):
        told = f"test `{shorten(test.name)}` fails: {problem.text}"
        faults.add(problem.at, told, "`bot test` shows what was done")
    faults.raise_if_any()
