"""The stand-in for Slack is itself held to what is known of Slack."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.fakes import slack_faults as faults
from tests.fakes.slack_server import FakeSlack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fakes.slack_faults import Fault


class Api:
    """Slack's API by hand: no library between the test and the wire."""

    def __init__(self, slack: FakeSlack, session: aiohttp.ClientSession) -> None:
        self.slack = slack
        self._session = session

    async def form(self, method: str, token: str | None = None, **form: str) -> Any:
        headers = {"Authorization": f"Bearer {token or self.slack.token}"}
        async with self._session.post(self.slack.url + method, data=form, headers=headers) as got:
            return await got.json()

    async def json(self, method: str, **body: object) -> Any:
        headers = {"Authorization": f"Bearer {self.slack.token}"}
        async with self._session.post(self.slack.url + method, json=body, headers=headers) as got:
            return await got.json()

    async def error(self, method: str, **body: object) -> str | None:
        answer = await self.json(method, **body)
        return None if answer["ok"] else str(answer["error"])

    async def post(self, channel: str = "C0DEV", words: str = "hi", **more: object) -> str:
        answer = await self.json("chat.postMessage", channel=channel, text=words, **more)
        assert answer["ok"], answer
        return str(answer["ts"])


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    # By hand, and wrongly on purpose.
    async with FakeSlack(strict=False) as slack, aiohttp.ClientSession() as session:
        yield Api(slack, session)


def section(words: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


async def test_tokens_are_checked(api: Api) -> None:
    assert (await api.form("auth.test"))["user_id"] == "U0BOT"
    assert (await api.form("auth.test", token="xoxb-other"))["error"] == "invalid_auth"
    assert (await api.form("auth.test", token=api.slack.app_token))["error"] == (
        "not_allowed_token_type"
    )
    async with aiohttp.ClientSession() as session, session.post(f"{api.slack.url}auth.test") as got:
        assert (await got.json())["error"] == "not_authed"


async def test_a_missing_scope_names_what_is_needed(api: Api) -> None:
    api.slack.workspace.scopes -= {"reactions:write"}
    answer = await api.json("reactions.add", channel="C0DEV", timestamp="1.000001", name="x")
    assert (answer["error"], answer["needed"]) == ("missing_scope", "reactions:write")
    assert "chat:write" in answer["provided"]


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("chat.postMessage", {"channel": "C0DEV", "text": "x", "txet": "y"}, "invalid_arguments"),
        ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C0DEV"}, "no_text"),
        ("chat.postMessage", {"channel": "C0DEV", "text": " "}, "no_text"),
        ("chat.postMessage", {"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0HIDDEN", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C0OLD", "text": "x"}, "is_archived"),
        ("chat.postMessage", {"channel": "C0PUBLIC", "text": "x"}, None),
        ("chat.postMessage", {"channel": "#dev", "text": "x"}, None),
        ("chat.postMessage", {"channel": "dev", "text": "x", "parse": "none"}, None),
        ("chat.postMessage", {"channel": "dev", "text": "x", "parse": "no"}, "invalid_arguments"),
        (
            "chat.postMessage",
            {"channel": "dev", "text": "x", "thread_ts": "1.000001"},
            "message_not_found",
        ),
        (
            "chat.postMessage",
            {"channel": "dev", "text": "x", "thread_ts": "yesterday"},
            "invalid_thread_ts",
        ),
        ("chat.update", {"channel": "#dev", "ts": "1.000001", "text": "x"}, "channel_not_found"),
        ("chat.update", {"channel": "C0DEV", "ts": "1.000001", "text": "x"}, "message_not_found"),
        ("reactions.add", {"channel": "C0DEV", "timestamp": "1.0", "name": ":x:"}, "invalid_name"),
        ("conversations.history", {"channel": "C0DEV"}, "invalid_post_type"),
        ("chat.shout", {"channel": "C0DEV"}, "unknown_method"),
    ],
)
async def test_calls_are_refused_as_slack_refuses_them(
    api: Api, method: str, arguments: dict[str, object], code: str | None
) -> None:
    assert await api.error(method, **arguments) == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"blocks": [section("x")] * 50}, None),
        ({"blocks": [section("x")] * 51}, "invalid_blocks"),
        ({"blocks": [section("x" * 3000)]}, None),
        ({"blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"blocks": [section("")]}, "invalid_blocks"),
        ({"blocks": [section("x" * 2900)] * 5}, "msg_blocks_too_long"),
        ({"blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({"blocks": [{**section("x"), "block_id": "same"}] * 2}, "invalid_blocks"),
        ({"blocks": "{oops"}, "invalid_blocks_format"),
        ({"attachments": [{"color": "danger", "blocks": [section("x")]}]}, None),
        ({"attachments": [{"colour": "danger"}]}, "invalid_attachments"),
        ({"attachments": [{"color": "pink"}]}, "invalid_attachments"),
        ({"attachments": [{"color": "danger"}] * 101}, "too_many_attachments"),
        ({"metadata": {"event_type": "e", "event_payload": {"k": 1}}}, None),
        ({"metadata": {"event_type": "e"}}, "invalid_metadata_format"),
        (
            {"metadata": {"event_type": "e", "event_payload": {"k": "x" * 16_000}}},
            "metadata_too_large",
        ),
        ({"reply_broadcast": True}, "invalid_arguments"),
    ],
)
async def test_content_is_limited(api: Api, content: dict[str, object], code: str | None) -> None:
    assert await api.error("chat.postMessage", channel="C0DEV", text="x", **content) == code


async def test_a_long_text_is_cut_when_posted_and_refused_when_edited(api: Api) -> None:
    ts = await api.post(words="x" * 50_000)
    assert len(api.slack.messages("dev")[0].text) == 40_000
    edit = {"channel": "C0DEV", "ts": ts}
    assert await api.error("chat.update", **edit, text="x" * 4_001) == "msg_too_long"
    assert await api.error("chat.update", **edit, text="x" * 4_000) is None


async def test_arguments_in_the_address_are_refused(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.slack.token}"}
    url = f"{api.slack.url}conversations.list?limit=5"
    async with aiohttp.ClientSession() as session, session.post(url, headers=headers) as got:
        assert (await got.json())["error"] == "invalid_arguments"


async def test_an_uninvited_bot_posts_only_with_the_public_scope(api: Api) -> None:
    api.slack.workspace.scopes -= {"chat:write.public"}
    post = {"channel": "C0PUBLIC", "text": "x"}
    assert await api.error("chat.postMessage", **post) == "not_in_channel"
    assert (await api.form("conversations.join", channel="C0PUBLIC"))["ok"]
    assert await api.error("chat.postMessage", **post) is None


async def test_a_reply_answers_roots_only(api: Api) -> None:
    root = await api.post()
    reply = await api.post(thread_ts=root)
    nested = {"channel": "C0DEV", "text": "x", "thread_ts": reply}
    assert await api.error("chat.postMessage", **nested) == "cannot_reply_to_message"


async def test_history_shows_roots_and_broadcasts_newest_first(api: Api) -> None:
    root = await api.post()
    await api.post(thread_ts=root)
    shown = await api.post(thread_ts=root, reply_broadcast=True)
    history = await api.form("conversations.history", channel="C0DEV")
    assert [message["ts"] for message in history["messages"]] == [shown, root]
    thread = await api.form("conversations.replies", channel="C0DEV", ts=root)
    assert len(thread["messages"]) == 3
    assert (await api.form("conversations.replies", channel="C0DEV", ts="1.000001"))["error"] == (
        "thread_not_found"
    )


async def test_history_needs_membership(api: Api) -> None:
    answer = await api.form("conversations.history", channel="C0PUBLIC")
    assert answer["error"] == "not_in_channel"


async def test_metadata_is_shown_only_when_asked_for_and_survives_an_edit(api: Api) -> None:
    metadata = {"event_type": "e", "event_payload": {"k": "1"}}
    ts = await api.post(metadata=metadata)
    await api.json("chat.update", channel="C0DEV", ts=ts, text="after")
    bare = await api.form("conversations.history", channel="C0DEV")
    assert "metadata" not in bare["messages"][0]
    full = await api.form("conversations.history", channel="C0DEV", include_all_metadata="1")
    assert full["messages"][0]["metadata"] == metadata
    assert "edited" in full["messages"][0]


async def test_an_edit_drops_what_is_not_sent_again(api: Api) -> None:
    ts = await api.post(blocks=[section("x")])
    await api.json("chat.update", channel="C0DEV", ts=ts, text="after")
    assert api.slack.messages("dev")[0].blocks == []


async def test_only_own_messages_are_edited_and_deleted(api: Api) -> None:
    theirs = api.slack.workspace.say("dev", "mine!").ts
    place = {"channel": "C0DEV", "ts": theirs}
    assert await api.error("chat.update", **place, text="x") == "cant_update_message"
    assert await api.error("chat.delete", **place) == "cant_delete_message"
    own = await api.post()
    assert await api.error("chat.delete", channel="C0DEV", ts=own) is None
    assert api.slack.texts("dev") == ["mine!"]


async def test_reactions_are_kept_per_message(api: Api) -> None:
    target = {"channel": "C0DEV", "timestamp": await api.post(), "name": "fire"}
    assert await api.error("reactions.remove", **target) == "no_reaction"
    assert await api.error("reactions.add", **target) is None
    assert await api.error("reactions.add", **target) == "already_reacted"
    got = await api.form("reactions.get", channel="C0DEV", timestamp=target["timestamp"])
    assert got["message"]["reactions"] == [{"name": "fire", "users": ["U0BOT"], "count": 1}]
    unknown = target | {"name": "no_such_emoji"}
    assert await api.error("reactions.add", **unknown) == "invalid_name"


async def test_channels_are_listed_by_pages_types_and_state(api: Api) -> None:
    both = "public_channel,private_channel"
    first = await api.form("conversations.list", types=both, limit="2", exclude_archived="1")
    cursor = first["response_metadata"]["next_cursor"]
    rest = await api.form(
        "conversations.list", types=both, cursor=cursor, limit="9", exclude_archived="1"
    )
    names = [channel["name"] for channel in first["channels"] + rest["channels"]]
    assert names == ["general", "dev", "ci", "elsewhere", "secret"]
    assert rest["response_metadata"]["next_cursor"] == ""
    public = await api.form("conversations.list")
    assert [channel["name"] for channel in public["channels"]][-1] == "old"
    api.slack.workspace.scopes -= {"groups:read"}
    assert (await api.form("conversations.list", types=both))["error"] == "missing_scope"
    assert (await api.form("conversations.list", limit="1001"))["error"] == "invalid_limit"


async def test_people_are_found_by_id_and_address(api: Api) -> None:
    found = await api.form("users.lookupByEmail", email="alice@example.com")
    assert found["user"]["id"] == "U0ALICE"
    unknown = await api.form("users.lookupByEmail", email="nobody@example.com")
    assert unknown["error"] == "users_not_found"
    assert (await api.form("users.info", user="U0NOBODY"))["error"] == "user_not_found"


async def test_ephemerals_and_permalinks(api: Api) -> None:
    whisper = {"channel": "C0DEV", "user": "U0ALICE", "text": "psst"}
    assert await api.error("chat.postEphemeral", **whisper) is None
    assert api.slack.workspace.ephemerals[0].text == "psst"
    assert api.slack.messages("dev") == []
    ts = await api.post()
    got = await api.form("chat.getPermalink", channel="C0DEV", message_ts=ts)
    assert got["permalink"].endswith(f"/C0DEV/p{ts.replace('.', '')}")


async def test_a_channel_has_a_rate_limit_of_its_own(api: Api) -> None:
    api.slack.gap_s = 3600.0
    await api.post("C0DEV")
    await api.post("C0CI")
    body = {"channel": "C0DEV", "text": "x"}
    headers = {"Authorization": f"Bearer {api.slack.token}"}
    url = f"{api.slack.url}chat.postMessage"
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=body, headers=headers) as got,
    ):
        assert got.status == 429
        assert got.headers["Retry-After"] == "1"
    assert len(api.slack.messages("dev")) == 1


@pytest.mark.parametrize("fault", [faults.status(503), faults.status(503, record=True)])
async def test_a_queued_fault_answers_once(api: Api, fault: Fault) -> None:
    api.slack.fail("chat.postMessage", fault)
    assert await api.json("chat.postMessage", channel="C0DEV", text="first") == {}
    await api.post(words="second")
    assert api.slack.texts("dev") == (["first", "second"] if fault.record else ["second"])


@pytest.mark.parametrize("record", [False, True])
async def test_a_reset_comes_before_or_after_the_deed(api: Api, record: bool) -> None:
    api.slack.fail("chat.postMessage", faults.reset(record=record))
    with pytest.raises(aiohttp.ClientError):
        await api.post()
    assert len(api.slack.messages("dev")) == int(record)


async def test_one_waits_for_what_a_bot_will_do(api: Api) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(api.slack.until(lambda: api.slack.texts("dev") == ["hi"]))
        group.create_task(api.post())


async def test_a_response_url_takes_five_answers(api: Api) -> None:
    where = api.slack.workspace.channel("dev")
    form = api.slack.commands.form("/hook list", user="U0ALICE", channel=where)
    async with aiohttp.ClientSession() as session:
        for status in [200] * 5 + [404]:
            async with session.post(form["response_url"], json={"text": "hi"}) as got:
                assert got.status == status
    assert len(api.slack.answers) == 5


async def test_it_runs_as_a_process_of_its_own() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.slack_server", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        line = (await process.stdout.readline()).decode()
        url = line.strip().removeprefix("SLACK_API_URL=")
        headers = {"Authorization": "Bearer xoxb-fake-token"}
        body = {"channel": "dev", "text": "hi"}
        async with aiohttp.ClientSession() as session:
            async with session.post(f"{url}chat.postMessage", json=body, headers=headers) as got:
                assert (await got.json())["ok"]
            wish = {"method": "chat.postMessage", "fault": "status", "arguments": [503]}
            async with session.post(url.replace("/api/", "/_fake/fail"), json=wish) as got:
                assert got.status == 200
            async with session.post(f"{url}chat.postMessage", json=body, headers=headers) as got:
                assert got.status == 503
            async with session.get(url.replace("/api/", "/_fake/state")) as got:
                state = await got.json()
        assert [message["text"] for message in state["channels"]["dev"]] == ["hi"]
    finally:
        process.terminate()
        await process.wait()
