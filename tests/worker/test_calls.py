"""Acting at a forge, from the delivery to the receipt: once, in order, audited."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from bot.errors import NotSent, TargetRefused
from bot.events.samples import sample
from bot.forges.gitlab_calls import GitlabCalls
from bot.forges.gitlab_facts import GitlabFacts
from bot.message import Text
from bot.model import Outcome
from bot.outside import Receipt, WebRequest
from bot.slack.mrkdwn import plain
from bot.worker.calling import Caller
from bot.worker.deciding import Decider
from bot.worker.delivering import Deliverer
from bot.worker.facts import FactFinder
from bot.worker.privacy import Privacy
from tests.fakes.gitlab_server import Fault, GitlabServer, running
from tests.fakes.gitlab_talk import Contents, contents, file, thread
from tests.worker.bench import Bench, Clock

if TYPE_CHECKING:
    from bot.errors import CallError
    from bot.model import DeliveryId
    from bot.store import Store


def sample_body(name: str, **overrides: Any) -> dict[str, Any]:
    _headers, body = sample(name, overrides={"project": "shop/mono", **overrides})
    found: dict[str, Any] = json.loads(body)
    return found


#: As the samples have it.
ID = int(sample_body("mr.opened")["project"]["id"])
EXAMPLE = (Path(__file__).parents[1] / "rules" / "examples" / "10-forge.yaml").read_text("utf-8")


@dataclass
class FakeWeb:
    """Keeps what it was sent."""

    sent: list[tuple[WebRequest, str]] = field(default_factory=list)
    failures: list[CallError] = field(default_factory=list)

    async def send(self, request: WebRequest, *, key: str) -> Receipt:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((request, key))
        return Receipt(id="", status="204")


@dataclass
class Forge(Bench):
    """A bench whose bot has a token for the double of GitLab."""

    gitlab: GitlabServer = field(default_factory=GitlabServer)
    account: str = ""

    @override
    def __post_init__(self) -> None:
        self.web = FakeWeb()
        super().__post_init__()

    @property
    def held(self) -> Contents:
        return contents(self.gitlab.projects[ID])

    def finder(self, *, whole_s: float = 10.0) -> FactFinder:
        facts = GitlabFacts(url=self.gitlab.url, token=self.gitlab.token)
        return FactFinder({"gitlab": facts}, self.clock, whole_s=whole_s)

    async def accounts(self) -> dict[str, str]:
        return {"gitlab": self.account} if self.account else {}

    @override
    def _decider(self) -> Decider:
        return Decider(
            store=self.store,
            hooks=self.store,
            book=self.book,
            channels=self.directory.ids,
            clock=self.clock,
            metrics=self.metrics,
            facts=self.finder(),
            accounts=self.accounts,
        )

    @override
    def _deliverer(self) -> Deliverer:
        calls = GitlabCalls(url=self.gitlab.url, token=self.gitlab.token)
        return Deliverer(
            store=self.store,
            chat=self.chat,
            privacy=Privacy(self.book, self.directory.ids, readers=self.chat, quiet=self.store),
            clock=self.clock,
            gap=timedelta(),
            jitter=lambda: 0.0,
            metrics=self.metrics,
            given_up=self._dead,
            caller=Caller(forges={"gitlab": calls}, web=self.web, memories=self.store),
        )

    async def asks_for_e2e(self, **overrides: Any) -> DeliveryId:
        given = {"project": "shop/mono", "comment.text": "/e2e", "actor": "bob"}
        return await self.take("comment.mr", **{**given, **overrides})

    def notes(self) -> list[str]:
        return [note["body"] for note in self.held.notes.get("merge_requests/7", [])]

    async def ends(self) -> list[tuple[str, str]]:
        return [(one.verb, one.outcome) for one in await self.store.list_audit()][::-1]


@pytest.fixture
async def forge(store: Store) -> AsyncIterator[Forge]:
    async with running() as gitlab:
        gitlab.add("shop/mono", project_id=ID)
        # GitLab's own clock goes on: what it made is looked for by that.
        bench = Forge(store, gitlab=gitlab, clock=Clock(datetime.now(UTC)))
        bench.held.add_merge_request(7)
        bench.held.members = dict.fromkeys(range(1, 100), (30, "active"))
        bench.use(EXAMPLE)
        yield bench


async def test_the_example_from_the_comment_to_the_receipts(forge: Forge) -> None:
    await forge.asks_for_e2e()
    await forge.send()
    (pipeline,) = forge.held.pipelines
    assert pipeline["ref"] == "search"
    (note,) = forge.notes()
    url = pipeline["web_url"].replace("http://", "")
    assert note.replace("\\", "").startswith(f"e2e started: http://{url}\n\n<!-- chatops-bot ")
    ((request, key),) = forge.web.sent
    assert (request.url, request.timeout_s) == ("${secret:E2E_HOOK}", 5.0)
    assert key.endswith(".2")
    assert await forge.ends() == [("pipeline", "done"), ("comment", "done"), ("webhook", "done")]


async def test_the_audit_says_who_caused_what(forge: Forge) -> None:
    await forge.asks_for_e2e()
    await forge.send()
    webhook, comment, pipeline = await forge.store.list_audit()
    assert {webhook.who, comment.who, pipeline.who} == {"bob"}
    assert [comment.target, pipeline.target] == ["shop/mono!7", "shop/mono@search"]
    assert pipeline.detail == forge.held.pipelines[0]["web_url"]
    assert pipeline.rule == "e2e on request"


async def test_the_same_key_writes_the_same_note_anew(forge: Forge) -> None:
    for _ in range(2):
        await forge.asks_for_e2e()
        await forge.send()
    assert len(forge.held.pipelines) == 2
    (note,) = forge.notes()
    assert f"{forge.held.pipelines[1]['id']}" in note


async def test_two_that_wait_end_in_one_note(forge: Forge) -> None:
    await forge.asks_for_e2e()
    await forge.asks_for_e2e()
    await forge.send()
    assert len(forge.held.pipelines) == 2
    assert len(forge.notes()) == 1


async def test_a_pipeline_whose_answer_was_lost_is_found_and_not_started_twice(
    forge: Forge,
) -> None:
    forge.gitlab.faults.append(Fault("POST", "/pipeline$", after=True))
    await forge.asks_for_e2e()
    await forge.send_all()
    assert len(forge.held.pipelines) == 1
    assert f"{forge.held.pipelines[0]['id']}" in forge.notes()[0]


async def test_one_without_variables_is_found_among_those_of_others(forge: Forge) -> None:
    forge.use("rules:\n- {on: comment.mr, allow: pipeline, pipeline: main}")
    await forge.asks_for_e2e()
    await forge.send()
    forge.gitlab.faults.append(Fault("POST", "/pipeline$"))
    await forge.asks_for_e2e()
    await forge.send_all()
    assert len(forge.held.pipelines) == 2


async def test_a_note_whose_answer_was_lost_is_found_and_not_written_twice(forge: Forge) -> None:
    forge.gitlab.faults.append(Fault("POST", "/notes$", after=True))
    await forge.asks_for_e2e()
    await forge.send_all()
    assert len(forge.notes()) == 1
    assert (await forge.ends())[-1][1] == "done"


async def test_when_the_pipeline_is_refused_nothing_is_said_of_it(forge: Forge) -> None:
    forge.held.branches = {"main"}
    await forge.asks_for_e2e()
    await forge.send_all()
    assert forge.notes() == []
    assert sorted(await forge.ends()) == [
        ("comment", "dropped"),
        ("pipeline", "dead"),
        ("webhook", "done"),
    ]
    assert [code for _, code in forge.given_up] == ["400"]


async def test_a_webhook_waits_for_what_it_tells_of(forge: Forge) -> None:
    forge.use(
        "rules:\n- {on: comment.mr, allow: [pipeline, webhook], pipeline: {ref: main, as: run},"
        " webhook: {url: https://x.example, json: {id: '{{ run.id }}', at: '{{ run.url }}'}}}"
    )
    forge.gitlab.faults.append(Fault("POST", "/pipeline$", 500, {}))
    await forge.asks_for_e2e()
    await forge.send_all()
    (pipeline,) = forge.held.pipelines
    ((request, _),) = forge.web.sent
    assert [words(request.body[name]) for name in ("id", "at")] == [
        str(pipeline["id"]),
        pipeline["web_url"],
    ]


def words(body: Text) -> str:
    return "".join(getattr(span, "value", "") for span in body)


async def test_a_failing_server_holds_up_no_other_call(forge: Forge) -> None:
    forge.web.failures = [NotSent("down")] * 3
    await forge.asks_for_e2e()
    await forge.send()
    assert len(forge.notes()) == 1
    await forge.send_all()
    assert len(forge.web.sent) == 1


async def test_a_refused_webhook_is_a_dead_letter(forge: Forge) -> None:
    forge.web.failures = [TargetRefused("the webhook's server answered 404", code="404")]
    await forge.asks_for_e2e()
    await forge.send()
    assert [item.action.verb for item in await forge.items("dead")] == ["webhook"]
    assert ("webhook", "dead") in await forge.ends()


async def test_its_own_note_and_pipeline_start_nothing(forge: Forge) -> None:
    forge.use(
        "rules:\n- {name: r, on: [comment.mr, pipeline], allow: [comment, pipeline],"
        " comment: {text: /e2e again, on: mr}, pipeline: main}"
    )
    await forge.asks_for_e2e()
    await forge.send()
    note, pipeline = forge.held.notes["merge_requests/7"][0], forge.held.pipelines[0]
    said = sample_body("comment.mr", **{"comment.text": note["body"]})
    said["object_attributes"]["id"] = note["id"]
    failed = sample_body("pipeline.failed")
    failed["object_attributes"]["id"] = pipeline["id"]
    await forge.keep(json.dumps(said).encode(), "Note Hook")
    await forge.keep(json.dumps(failed).encode(), "Pipeline Hook")
    await forge.decide()
    await forge.send()
    assert (len(forge.notes()), len(forge.held.pipelines)) == (1, 1)


async def test_the_bot_accounts_own_words_start_nothing(forge: Forge) -> None:
    forge.account = "bob"
    await forge.asks_for_e2e()
    await forge.send()
    assert forge.held.pipelines == []


async def test_no_secret_is_stored(forge: Forge) -> None:
    delivery = await forge.asks_for_e2e()
    trace = await forge.store.decision(delivery)
    kept = json.dumps([trace, [repr(item) for item in await forge.items()]], default=repr)
    assert "${secret:E2E_HOOK}" in kept
    assert "https://hooks" not in kept


# -- facts ---------------------------------------------------------------------------------------

PATHS = "channels: {dev: C0DEV}\nrules:\n- {name: r, on: mr, if: {paths: api/**}, post: dev}"
MR = {"project": "shop/mono"}


async def verdict(forge: Forge, delivery: DeliveryId) -> tuple[str, str]:
    trace = await forge.store.decision(delivery)
    assert trace is not None
    return trace["verdicts"][0]["outcome"], trace["verdicts"][0]["reason"]


async def test_what_a_commit_decides_is_fetched_once(forge: Forge) -> None:
    forge.use(PATHS)
    forge.held.set_files(7, [file("api/x")])
    for name in ("mr.opened", "mr.labeled", "mr.labeled"):
        assert (await verdict(forge, await forge.take(name, **MR)))[0] == Outcome.SENT.value
        forge.restart()
    assert len(forge.gitlab.calls("GET", "/diffs$")) == 1
    await forge.take("mr.pushed", sha="f" * 40, **MR)
    assert len(forge.gitlab.calls("GET", "/diffs$")) == 2


async def test_what_may_change_is_asked_each_time(forge: Forge) -> None:
    forge.use("channels: {dev: C0DEV}\nrules:\n- {on: mr, if: approvals > 1, post: dev}")
    forge.held.approved_by[7] = ["alice"]
    await forge.take("mr.approved", **MR)
    forge.held.approved_by[7] = ["alice", "bob"]
    await forge.take("mr.approved", **MR)
    assert len(await forge.items()) == 1


async def test_a_card_shows_how_many_approvals_are_there_and_wanted(forge: Forge) -> None:
    forge.use("channels: {dev: C0DEV}\nrules:\n- {on: mr, card: dev}")
    await forge.take("mr.opened", **MR)
    assert "0 of 2 approvals" in await shown(forge)
    forge.held.approved_by[7] = ["bob"]
    await forge.take("mr.approved", **MR)
    assert "(1 of 2)" in await shown(forge)


async def test_a_card_shows_its_size_and_asks_for_it_once_for_each_head(forge: Forge) -> None:
    forge.use("channels: {dev: C0DEV}\nrules:\n- {on: mr, card: dev}")
    hunk = "@@ -1 +1,2 @@\n-a\n+b\n+c\n"
    forge.held.set_files(7, [file("api/x", hunk)])
    await forge.take("mr.opened", **MR)
    assert "+2 −1 in 1 file" in await shown(forge)
    await forge.take("mr.labeled", **MR)
    assert len(forge.gitlab.calls("GET", "/diffs$")) == 1
    forge.held.set_files(7, [file("api/x", hunk), file("api/y", hunk)])
    await forge.take("mr.pushed", sha="f" * 40, **MR)
    assert "+4 −2 in 2 files" in await shown(forge)


async def test_a_card_counts_open_threads_when_one_is_written_in(forge: Forge) -> None:
    forge.use("channels: {dev: C0DEV}\nrules:\n- {on: mr, card: dev}")
    await forge.take("mr.opened", **MR)
    forge.held.threads[7] = [thread(), thread(), thread(internal=True)]
    await says(forge, type="DiffNote")
    assert "🧵 2 open threads" in await shown(forge)
    forge.held.threads[7] = []
    await says(forge, type="DiffNote")
    assert "open thread" not in await shown(forge)


async def says(forge: Forge, **note: Any) -> None:
    body = sample_body("comment.mr")
    body["object_attributes"] |= note
    await forge.keep(json.dumps(body).encode(), "Note Hook")
    await forge.decide()


async def test_a_card_does_without_a_forge_that_does_not_answer(forge: Forge) -> None:
    forge.use("channels: {dev: C0DEV}\nrules:\n- {on: mr, card: dev}")
    forge.gitlab.faults.append(Fault("GET", "/approvals$"))
    await forge.take("mr.opened", **MR)
    assert "approvals" not in await shown(forge)


async def shown(forge: Forge) -> str:
    """Of the card, as the newest delivery left it."""
    message = max(await forge.items(), key=lambda item: item.delivery).action.message
    assert message is not None
    return "\n".join(map(plain, message.context))


async def test_a_fetch_that_fails_is_traced_with_its_field(forge: Forge) -> None:
    forge.use(PATHS)
    forge.gitlab.projects[ID].visible = False
    outcome, reason = await verdict(forge, await forge.take("mr.opened", **MR))
    assert outcome == "unknown"
    assert reason.startswith("`paths` is not known: GitLab has no project shop/mono")


async def test_a_forge_that_does_not_answer_is_left_alone_for_a_while(forge: Forge) -> None:
    forge.use(PATHS)
    forge.held.set_files(7, [file("api/x")])
    forge.gitlab.faults.append(Fault("GET", "/merge_requests/7$"))
    assert (await verdict(forge, await forge.take("mr.opened", **MR)))[0] == "unknown"
    outcome, reason = await verdict(forge, await forge.take("mr.labeled", **MR))
    assert (outcome, "did not answer a moment ago" in reason) == ("unknown", True)
    forge.clock.move(seconds=31)
    assert (await verdict(forge, await forge.take("mr.labeled", **MR)))[0] == "sent"


async def test_nobody_waits_longer_than_the_whole_time(forge: Forge) -> None:
    forge.use(PATHS)
    forge.decider._facts = forge.finder(whole_s=0.05)
    forge.gitlab.faults.append(Fault("GET", "/merge_requests/7$", silent=True))
    outcome, reason = await verdict(forge, await forge.take("mr.opened", **MR))
    assert (outcome, "did not answer within 0.05 s" in reason) == ("unknown", True)
