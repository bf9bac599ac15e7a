"""A forge whose API fails in every way while people give commands and rules look things up."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Final

from tests.e2e.load import RULES
from tests.fakes.gitlab_faults import WAYS, Fault
from tests.fakes.gitlab_server import GitlabServer
from tests.fakes.gitlab_talk import Contents, contents, file
from tests.fakes.slack_messages import Channel
from tests.soak.stage import Options, Report, Stage, stage, tell_load
from tests.waiting import until

if TYPE_CHECKING:
    from tests.e2e.running import Process

#: Beside the load: pushes of managed hooks, merge requests with and without a look-up.
_RULES: Final = (
    RULES
    + """\
  - name: hooked
    on: push
    project: hooked/*
    batch: never
    post: {to: "#hooked", text: "{{ branch }} of {{ project }}"}
  - name: looked
    on: mr.opened
    batch: never
    if: {paths: "src/**"}
    post: {to: "#looked", text: "looked at {{ iid }}"}
  - name: all
    on: mr.opened
    batch: never
    post: {to: "#all", text: "mr {{ iid }}"}
"""
)
#: Commands that come after `add`, in any order; what they leave is put right at the end.
_VERBS: Final = ("add", "test", "show", "list", "pause", "resume", "rotate", "sync", "remove")
_METHODS: Final = ("GET", "GET", "POST", "PUT", "DELETE")
_COMMANDS: Final = 6
_SILENT: Final = 0.03
#: A look-up may take ten seconds, and a command asks several things in turn.
_PATIENCE_S: Final = 150.0


async def forge(report: Report, options: Options) -> None:
    async with GitlabServer() as gitlab, stage(None, _RULES) as on:
        on.place.reached_by(GITLAB_URL=gitlab.url, GITLAB_TOKEN=gitlab.token)
        for name in ("hooked", "looked", "all"):
            on.slack.workspace.channels[f"C0{name.upper()}"] = Channel(f"C0{name.upper()}", name)
        trial = _Trial(
            report, options, on, gitlab, shop=contents(gitlab.add("shop/api", project_id=15))
        )
        async with on.place.bot() as bot, asyncio.TaskGroup() as group:
            on.load.url = bot.url
            group.create_task(on.load.run())
            end = time.monotonic() + 60 * options.minutes
            for number in count():
                if time.monotonic() >= end:
                    break
                await trial.round(bot, number)
            on.load.end()
            await on.load.arrive()
            await trial.settle(bot)
            await bot.terminate()
        trial.tell()


@dataclass
class _Trial:
    report: Report
    options: Options
    on: Stage
    gitlab: GitlabServer
    #: Where merge requests are opened.
    shop: Contents
    given: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    pushed: list[str] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    answered_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _planned: list[tuple[str, Fault]] = field(default_factory=list)

    async def round(self, bot: Process, number: int) -> None:
        """One project: commands under faults, then the same without, and what its hook brings."""
        project = f"hooked/p{number}"
        self.gitlab.add(project)
        for verb in ("add", *self.options.chance.choices(_VERBS, k=_COMMANDS)):
            self._fail(project)
            await self._command(bot, verb, project)
            await self._open(bot)
        self._count()
        await self._command(bot, "add", project)
        await self._command(bot, "resume", project)
        hooks = self.gitlab.hooks(project)
        if len(hooks) != 1:
            self.broken.append(f"{len(hooks)} hooks of {project}")
        await self._push(project, number)
        self.report.progress(
            f"{project}: {sum(self.given.values())} commands, {sum(self.met.values())} faults,"
            f" {len(self.on.load.acknowledged)} acknowledged"
        )

    def _fail(self, project: str) -> None:
        """The next calls of some kinds fail, before or after they act."""
        self._count()
        chance = self.options.chance
        known = next(p for p in self.gitlab.projects.values() if p.path == project)
        for method in chance.sample(_METHODS, k=chance.randint(1, 3)):
            name = "silence" if chance.random() < _SILENT else chance.choice(list(WAYS))
            where = "" if chance.random() < 0.1 else f"{known.id}|{project}"
            after = method != "GET" and chance.random() < 0.5
            fault = Fault(method, where, after=after, **WAYS.get(name, {"silent": True}))
            self._planned.append((name, fault))
            self.gitlab.faults.append(fault)

    def _count(self) -> None:
        """What was not met did not happen."""
        left = {id(fault) for fault in self.gitlab.faults}
        self.met.update(name for name, fault in self._planned if id(fault) not in left)
        self.gitlab.faults.clear()
        self._planned.clear()

    async def _command(self, bot: Process, verb: str, project: str) -> None:
        slack = self.on.slack
        before, began = len(slack.answers), time.monotonic()
        said = verb if verb == "list" else f"{verb} {project}"
        self.given[verb] += 1
        acknowledged = await slack.command(bot.url, f"/hook {said}")
        if acknowledged.status != 200:
            self.broken.append(f"/hook {said}: acknowledged with {acknowledged.status}")
            return
        await until(
            lambda: len(slack.answers) > before, f"an answer to {said}", patience_s=_PATIENCE_S
        )
        self.answered_s.append(time.monotonic() - began)
        answer = str(slack.answers[-1])
        named = verb == "list" or project in answer or "all are as they should be" in answer
        if "Something went wrong" in answer or not named:
            self.broken.append(f"/hook {said}: {answer[:300]}")

    async def _open(self, bot: Process) -> None:
        """A merge request that one rule asks the forge about, and another does not."""
        number = len(self.opened) + 1
        self.shop.add_merge_request(number)
        self.shop.set_files(number, [file("src/a.py")])
        status = await self.on.load.forge.send(bot.url, "mr.opened", key=f"mr {number}", iid=number)
        if status != 202:
            self.broken.append(f"mr {number}: {status}")
        self.opened.append(number)

    async def _push(self, project: str, number: int) -> None:
        said = await self.gitlab.push(project, branch=f"hooked-{number}-")
        if said != [202]:
            self.broken.append(f"a push to {project}: {said}")
        self.pushed.append(f"hooked-{number}-")

    async def settle(self, bot: Process) -> None:
        await until(
            lambda: len(self.on.slack.texts("all")) >= len(self.opened), "every merge request"
        )
        for one in self.pushed:
            try:
                await until(lambda n=one: self._told(n), "a push", patience_s=30)  # type: ignore[misc]  # lambda's default
            except AssertionError:
                self.broken.append(f"not told: {one}")
        lines = [line for line in bot.log() if line.startswith("{")]
        self.errors = [line for line in lines if json.loads(line).get("level") == "error"]

    def _told(self, branch: str) -> bool:
        return any(branch in text for text in self.on.slack.texts("hooked"))

    def tell(self) -> None:
        report, slack = self.report, self.on.slack
        for line in (*self.broken, *self.errors):
            report.progress(f"BROKEN {line[:500]}")
        report.figure("forge", "commands", sum(self.given.values()))
        report.figure("forge", "faults met", sum(self.met.values()), good=self.met.total() > 0)
        report.figure("forge", "kinds of them", len(self.met))
        report.figure("forge", "commands ended badly", len(self.broken), good=not self.broken)
        report.figure("forge", "errors in the log", len(self.errors), good=not self.errors)
        report.figure("forge", "an answer after, most s", max(self.answered_s))
        mrs = [int(n) for text in slack.texts("all") for n in re.findall(r"^mr (\d+)$", text)]
        good = mrs == sorted(set(mrs)) and len(mrs) == len(self.opened)
        report.figure(
            "forge", "merge requests told", f"{len(mrs)} of {len(self.opened)}", good=good
        )
        looked = len(slack.texts("looked"))
        report.figure("forge", "look-ups that succeeded", f"{looked} of {len(self.opened)}")
        pushes = slack.texts("hooked")
        good = all(sum(one in text for text in pushes) == 1 for one in self.pushed)
        report.figure(
            "forge", "pushes of hooks told", f"{len(pushes)} of {len(self.pushed)}", good=good
        )
        refused = self.on.load.refusals
        report.figure("forge", "refused", len(refused), good=not refused)
        tell_load(report, "forge", self.on.load, doubles=0)
