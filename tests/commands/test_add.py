"""`/hook add`, every branch of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import CommandError
from bot.forges.gitlab import OPEN_TRIGGERS
from bot.model import HookRecord
from bot.outside import HookWish
from tests.commands.stage import BASE, Stage, shown


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def failure(stage: Stage, words: str = "add group/repo") -> str:
    with pytest.raises(CommandError) as caught:
        await stage.run(words)
    return str(caught.value)


async def test_a_hook_is_made_proved_and_reported(stage: Stage) -> None:
    answer = await stage.run("add group/repo")
    stage.assert_one_good_hook()
    assert shown(answer) == (
        "group/repo: hook 1001 is made and proved (test call seen in 1.2 s);"
        " its events would go to #dev and #ci."
    )
    assert answer.color == "good"


async def test_only_the_triggers_that_rules_need_are_on(stage: Stage) -> None:
    await stage.run("add group/repo")
    (held,) = stage.forge.held("group/repo")
    (record,) = stage.active()
    assert held.shown.triggers == {"push_events", "note_events"}
    assert record.events == ("note_events", "push_events")
    assert (record.project_id, record.created_by) == ("101", "U0ADMIN01")
    assert record.proved_at is not None


async def test_the_proof_comes_at_an_address_of_its_own(stage: Stage) -> None:
    urls: list[tuple[str, str]] = []
    receive = stage.forge.receiver

    async def note(url: str, secret: str) -> int:
        urls.append((url, stage.store.rows[url.rpartition("/")[2]].status))
        return await receive(url, secret)

    stage.forge.receiver = note
    await stage.run("add group/repo")
    ((proof_url, status),) = urls
    (record,) = stage.active()
    assert status == "proving"
    assert proof_url != f"{BASE}/hooks/gitlab/{record.id}"
    assert stage.store.rows[proof_url.rpartition("/")[2]].status == "removed"


async def test_the_final_address_is_known_before_the_forge_learns_it(stage: Stage) -> None:
    def look(when: str, name: str) -> None:
        if (when, name) == ("before", "update_hook"):
            assert len(stage.active()) == 1

    stage.watch = look
    await stage.run("add group/repo")


async def test_no_secret_is_in_any_answer_or_progress(stage: Stage) -> None:
    answer = await stage.run("add group/repo")
    (record,) = stage.active()
    told = shown(answer) + repr(stage.said) + repr(stage.progress) + repr(record)
    assert record.secrets[0] not in told


async def test_every_hook_has_a_secret_of_its_own(stage: Stage) -> None:
    stage.forge.add("group/other")
    stage.rules.needed["group/other"] = frozenset({"push_events"})
    await stage.run("add group/repo")
    await stage.run("add group/other")
    assert len({held.secrets for held in stage.store.rows.values()}) == 2


async def test_the_person_is_told_how_far_it_is(stage: Stage) -> None:
    await stage.run("add group/repo")
    assert stage.said == [
        "Creating the hook on group/repo …",
        f"Proving it: gitlab sends a test call to {BASE} …",
    ]


async def test_a_pasted_address_chooses_project_and_instance(stage: Stage) -> None:
    await stage.run("add https://gitlab.example.com/group/repo/-/tree/main")
    stage.assert_one_good_hook()


# -- what is there already ---------------------------------------------------------------------


async def test_adding_twice_makes_one_hook(stage: Stage) -> None:
    await stage.run("add group/repo")
    answer = await stage.run("add group/repo")
    stage.assert_one_good_hook()
    assert "group/repo has its hook already (hook 1001): its events would go to" in shown(answer)
    assert "brought up to date" not in shown(answer)


async def test_a_hook_of_ours_whose_rules_changed_is_brought_up_to_date(stage: Stage) -> None:
    await stage.run("add group/repo")
    stage.rules.needed["group/repo"] = frozenset({"issues_events"})
    answer = await stage.run("add group/repo")
    (held,) = stage.forge.held("group/repo")
    assert held.shown.triggers == {"issues_events"}
    assert "brought up to date" in shown(answer)
    stage.assert_one_good_hook()


async def test_a_hook_under_an_old_public_url_is_moved_not_doubled(stage: Stage) -> None:
    await stage.run("add group/repo")
    (held,) = stage.forge.held("group/repo")
    held.shown = replace(held.shown, url=held.shown.url.replace("bot.", "old."))
    await stage.run("add group/repo")
    stage.assert_one_good_hook()


async def test_an_address_written_otherwise_is_the_same_address(stage: Stage) -> None:
    await stage.run("add group/repo")
    (held,) = stage.forge.held("group/repo")
    held.shown = replace(
        held.shown, url=held.shown.url.replace("https://bot.", "https://BOT.") + "/"
    )
    answer = await stage.run("add group/repo")
    assert len(stage.forge.held("group/repo")) == 1
    assert "brought up to date" not in shown(answer)


async def test_a_renamed_project_keeps_its_hook(stage: Stage) -> None:
    await stage.run("add group/repo")
    place = stage.forge.places["101"]
    place.project = replace(place.project, path="group/renamed")
    stage.rules.needed["group/renamed"] = frozenset({"push_events"})
    await stage.run("add group/renamed")
    stage.assert_one_good_hook("group/renamed")


async def test_a_hook_of_ours_that_nothing_here_knows_is_replaced(stage: Stage) -> None:
    wish = HookWish(
        url=f"{BASE}/hooks/gitlab/lost", triggers=frozenset({"push_events"}), secret="?"
    )
    await stage.forge.create_hook("101", wish)
    answer = await stage.run("add group/repo")
    stage.assert_one_good_hook()
    assert "Deleted at the forge, as nothing here belonged to them: hook 1001" in shown(answer)


async def test_hooks_of_others_are_left_alone(stage: Stage) -> None:
    for url in ("https://ci.example.com/x", f"{BASE}.evil.example/hooks/gitlab/x", f"{BASE}/x"):
        wish = HookWish(url=url, triggers=frozenset(), secret="?")
        await stage.forge.create_hook("101", wish)
    await stage.run("add group/repo")
    assert len(stage.forge.held("group/repo")) == 4


async def test_a_hook_on_the_shared_path_is_pointed_out(stage: Stage) -> None:
    wish = HookWish(url=f"{BASE}/hooks/gitlab", triggers=frozenset(), secret="?")
    await stage.forge.create_hook("101", wish)
    assert "every event comes twice" in shown(await stage.run("add group/repo"))
    assert len(stage.forge.held("group/repo")) == 2


async def test_a_hook_deleted_at_the_forge_is_made_anew(stage: Stage) -> None:
    await stage.run("add group/repo")
    stage.forge.places["101"].hooks.clear()
    await stage.run("add group/repo")
    stage.assert_one_good_hook()


async def test_doubled_hooks_become_one(stage: Stage) -> None:
    await stage.run("add group/repo")
    (record,) = stage.active()
    wish = HookWish(
        url=f"{BASE}/hooks/gitlab/twin", triggers=frozenset({"push_events"}), secret="t"
    )
    twin = await stage.forge.create_hook("101", wish)
    stage.store.rows["twin"] = replace(record, id="twin", remote_id=twin.id, secrets=("t",))
    await stage.run("add group/repo")
    stage.assert_one_good_hook()


async def test_a_hook_made_by_hand_is_adopted(stage: Stage) -> None:
    stage.admins.clear()
    await stage.run("add group/repo")
    (record,) = stage.store.rows.values()
    wish = HookWish(
        url=f"{BASE}/hooks/gitlab/{record.id}",
        triggers=frozenset({"push_events"}),
        secret=record.secrets[0],
    )
    await stage.forge.create_hook("101", wish)
    stage.admins["gitlab"] = stage.forge
    answer = await stage.run("add group/repo")
    stage.assert_one_good_hook()
    assert "/hook test group/repo finds out why" in shown(answer)


async def test_a_disabled_hook_is_told_with_the_way_out(stage: Stage) -> None:
    await stage.run("add group/repo")
    (held,) = stage.forge.held("group/repo")
    held.shown = replace(held.shown, health="disabled")
    assert "/hook test group/repo brings it back" in shown(await stage.run("add group/repo"))


# -- two at a time -----------------------------------------------------------------------------


def proving(stage: Stage, age: timedelta) -> HookRecord:
    record = HookRecord(
        id="theirs",
        forge="gitlab",
        instance="gitlab",
        project_id="101",
        project="group/repo",
        remote_id="",
        secrets=("x",),
        status="proving",
        created_by="U0OTHER01",
        created_at=stage.now - age,
    )
    stage.store.rows["theirs"] = record
    return record


async def test_while_another_makes_one_nothing_is_begun(stage: Stage) -> None:
    proving(stage, timedelta(seconds=5))
    assert "another command (U0OTHER01) is making a hook" in await failure(stage)
    assert stage.forge.held("group/repo") == []
    assert stage.store.rows["theirs"].status == "proving"


async def test_what_was_given_up_long_ago_is_cleaned_away(stage: Stage) -> None:
    proving(stage, timedelta(hours=1))
    wish = HookWish(url=f"{BASE}/hooks/gitlab/theirs", triggers=frozenset(), secret="x")
    await stage.forge.create_hook("101", wish)
    await stage.run("add group/repo")
    stage.assert_one_good_hook()


async def test_of_two_that_begin_at_once_the_later_steps_back(stage: Stage) -> None:
    def other_begins(when: str, name: str) -> None:
        if (when, name) == ("after", "progress") and "theirs" not in stage.store.rows:
            proving(stage, timedelta(0))

    stage.watch = other_begins
    assert "at this moment" in await failure(stage)
    assert stage.forge.held("group/repo") == []
    assert stage.statuses() == ["proving"]


# -- rules and channels ------------------------------------------------------------------------


async def test_without_a_rule_nothing_is_made_and_the_rule_is_shown(stage: Stage) -> None:
    stage.rules.needed.clear()
    answer = shown(await stage.run("add group/repo"))
    stage.assert_nothing()
    assert "No rule could match group/repo, so no hook was made." in answer
    assert "  project: group/repo" in answer
    assert "/hook add group/repo --anyway" in answer
    assert "/hook add group/repo #channel" in answer


async def test_anyway_makes_it_for_everything_open(stage: Stage) -> None:
    stage.rules.needed.clear()
    stage.rules.places.clear()
    answer = await stage.run("add group/repo --anyway")
    (held,) = stage.forge.held("group/repo")
    assert held.shown.triggers == OPEN_TRIGGERS
    assert "no rule wants its events yet, so they are only stored" in shown(answer)


@pytest.mark.parametrize("channel", ["#dev", "<#C0DEV0001|dev>", "<#C0DEV0001>"])
async def test_a_channel_becomes_the_default_route(stage: Stage, channel: str) -> None:
    stage.rules.needed.clear()
    stage.rules.places.clear()
    answer = await stage.run(f"add group/repo {channel}")
    (record,) = stage.active()
    assert record.channel == "C0DEV0001"
    assert set(record.events) == OPEN_TRIGGERS
    assert "its events would go to #dev (no rule wants them)" in shown(answer)


async def test_beside_rules_the_channel_gets_the_rest(stage: Stage) -> None:
    answer = await stage.run("add group/repo #ci")
    assert "go to #dev and #ci, what no rule wants to #ci" in shown(answer)


async def test_a_channel_can_be_given_to_a_hook_that_is_there(stage: Stage) -> None:
    await stage.run("add group/repo")
    await stage.run("add group/repo #ci")
    (record,) = stage.active()
    assert record.channel == "C0CI00001"
    stage.assert_one_good_hook()
    await stage.run("add group/repo")
    assert stage.active()[0].channel == "C0CI00001"


async def test_a_confidential_trigger_comes_only_from_a_rule(stage: Stage) -> None:
    stage.rules.needed["group/repo"] = frozenset({"confidential_issues_events"})
    await stage.run("add group/repo #dev")
    assert set(stage.active()[0].events) == OPEN_TRIGGERS | {"confidential_issues_events"}


async def test_an_unknown_channel_makes_nothing(stage: Stage) -> None:
    assert "no channel #nowhere that the bot can see" in await failure(
        stage, "add group/repo #nowhere"
    )
    stage.assert_nothing()
