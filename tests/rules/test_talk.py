"""What one person says at once is one reply, which follows what becomes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot import events
from bot.registry import Source
from bot.slack.mrkdwn import render
from tests.deciding import Bench

if TYPE_CHECKING:
    from bot.model import Action, Event

CARD = "version: 1\nrules:\n  - {on: mr, card: {to: '#dev', follow: [comments, reviews]}}\n"
HOME = "https://github.com/shop/web"


def github(event: str, action: str, **body: Any) -> Event:
    """As little of a delivery as tells what happened."""
    pull = {
        "number": 12,
        "state": "open",
        "title": "Add search",
        "html_url": f"{HOME}/pull/12",
        "user": {"login": "alice"},
        "head": {"ref": "search", "sha": "a" * 40},
        "base": {"ref": "main"},
    }
    whole = {
        "action": action,
        "pull_request": pull,
        "repository": {"id": 3, "full_name": "shop/web", "html_url": HOME},
        "sender": {"login": "bob"},
        **body,
    }
    return events.understand(Source(forge="github", instance="github", event=event), whole)


def opened() -> Event:
    return github("pull_request", "opened", sender={"login": "alice"})


def note(number: int, words: str, action: str = "created", **body: Any) -> Event:
    place = {
        "id": number,
        "body": words,
        "path": "search.py",
        "line": number,
        "html_url": f"{HOME}/pull/12#discussion_r{number}",
        "user": {"login": "bob"},
    }
    return github("pull_request_review_comment", action, comment=place, **body)


def review(state: str, words: str = "", action: str = "submitted", number: int = 70) -> Event:
    place = {"id": number, "state": state, "body": words, "user": {"login": "bob"}}
    return github("pull_request_review", action, review=place)


def dismissed() -> Event:
    """Bob dismisses what Carol said."""
    place = {"id": 75, "state": "dismissed", "body": "", "user": {"login": "carol"}}
    return github("pull_request_review", "dismissed", review=place)


class Story:
    """Takes deliveries some seconds apart; tells the replies as they stand in the end."""

    def __init__(self, rules: str = CARD) -> None:
        self.bench = Bench(rules)
        self.replies: dict[str, Action] = {}
        self.sent = 0
        self.take(opened())

    def take(self, event: Event, *, after: int = 2) -> list[Action]:
        self.bench.now += timedelta(seconds=after) - timedelta(minutes=5)
        found = [one for one in self.bench.take(event).actions if one.verb == "reply"]
        for one in found:
            self.sent += not one.edit
            self.replies[one.root if one.edit and one.root else one.id] = one
        return found

    def texts(self) -> list[str]:
        shown = [one.message for one in self.replies.values() if one.message]
        return ["\n".join(render(part) for part in (one.text, *one.body)) for one in shown]


def test_a_review_that_arrives_as_many_deliveries_is_one_reply_led_by_its_verdict() -> None:
    story = Story()
    story.take(note(1, "Rename this"))
    story.take(note(2, "And this"))
    story.take(review("changes_requested", "Nearly there"))
    assert story.sent == 1
    (text,) = story.texts()
    assert text.splitlines() == [
        "🔴 bob requested changes: ",
        "&gt; Nearly there",
        f"• <{HOME}/pull/12#discussion_r1|comment> at `search.py:1`: ",
        "&gt; Rename this",
        f"• <{HOME}/pull/12#discussion_r2|comment> at `search.py:2`: ",
        "&gt; And this",
    ]


def test_comments_without_a_verdict_are_counted() -> None:
    story = Story()
    for number in range(12):
        story.take(note(number, "Hm"))
    (text,) = story.texts()
    assert text.startswith("💬 bob wrote 12 comments")
    assert text.endswith("… and 2 more")


def test_what_is_said_later_or_by_somebody_else_is_another_reply() -> None:
    story = Story()
    story.take(note(1, "One"))
    story.take(note(2, "Two", sender={"login": "carol"}))
    story.take(note(3, "Three"), after=31)
    assert story.sent == 3


def test_a_part_of_a_review_carries_the_slot_of_the_reply_so_that_it_joins_it_while_it_waits() -> (
    None
):
    story = Story()
    (first,) = story.take(note(1, "One"))
    (second,) = story.take(note(2, "Two"))
    assert (second.slot, second.root, second.edit) == (first.slot, first.id, True)


def test_an_edited_comment_edits_its_reply_however_late() -> None:
    story = Story()
    story.take(note(1, "One"))
    story.take(note(1, "One, I mean", "edited"), after=9000)
    assert story.sent == 1
    assert "One, I mean" in story.texts()[0]


def test_a_deleted_comment_is_struck_without_its_words_and_keeps_its_author() -> None:
    story = Story()
    story.take(note(1, "my password"))
    story.take(note(1, "my password", "deleted", sender={"login": "carol"}), after=9000)
    (text,) = story.texts()
    assert text.startswith("💬 ~bob ")
    assert text.endswith("~ (deleted)")
    assert "password" not in text


def test_one_of_several_comments_is_struck_alone() -> None:
    story = Story()
    story.take(note(1, "One"))
    story.take(note(2, "Two"))
    story.take(note(2, "Two", "deleted"), after=9000)
    (text,) = story.texts()
    assert text.startswith("💬 bob wrote 1 comment\n")
    assert "One" in text
    assert "Two" not in text


def test_what_becomes_of_a_comment_nobody_was_told_of_is_not_told_either() -> None:
    story = Story()
    assert story.take(note(1, "One", "edited")) == []
    assert story.take(note(1, "One", "deleted")) == []


def test_the_words_of_a_verdict_can_be_edited_too() -> None:
    story = Story()
    story.take(review("approved", "Fine"))
    story.take(review("approved", "Fine, thank you", "edited"), after=900)
    assert story.sent == 1
    assert "Fine, thank you" in story.texts()[0]


def test_a_verdict_without_words_of_its_own_stays_alone() -> None:
    story = Story()
    story.take(review("approved"))
    assert story.texts() == ["👍 bob approved"]


def test_a_verdict_that_another_one_followed_is_struck() -> None:
    story = Story()
    story.take(review("approved", "Fine"))
    story.take(review("changes_requested", "Wait", number=78))
    (text,) = story.texts()
    assert text.startswith("🔴 bob requested changes: ")
    assert "• ~👍 approved:~" in text


def test_dismissing_what_somebody_else_said_takes_back_nothing_of_one_s_own() -> None:
    story = Story()
    story.take(review("approved", ""))
    story.take(dismissed())
    (text,) = story.texts()
    assert text.splitlines() == ["👍 bob approved", "• ↩️ dismissed carol’s review"]


def pushed(sha: str) -> Event:
    head = {"ref": "search", "sha": sha * 40}
    place = {"number": 12, "state": "open", "title": "Add search", "head": head}
    place["user"] = {"login": "alice"}
    return github("pull_request", "synchronize", pull_request=place, sender={"login": "alice"})


def asked(login: str, at: str) -> Event:
    place = {"number": 12, "state": "open", "title": "Add search", "updated_at": at}
    return github(
        "pull_request",
        "review_requested",
        pull_request=place,
        requested_reviewer={"login": login},
        sender={"login": "alice"},
    )


def test_the_first_push_after_a_review_is_an_answer_and_the_others_are_not() -> None:
    story = Story()
    assert story.take(pushed("b")) == []
    story.take(review("changes_requested"))
    story.take(pushed("c"), after=60)
    story.take(pushed("d"), after=60)
    assert story.texts() == ["🔴 bob requested changes", "⬆️ alice pushed new commits"]


def test_who_follows_the_state_hears_that_the_merge_queue_gave_it_up() -> None:
    story = Story(CARD.replace("[comments, reviews]", "state"))
    story.take(github("pull_request", "enqueued"))
    story.take(github("pull_request", "dequeued", reason="MERGE"))
    assert story.texts() == []
    story.take(github("pull_request", "dequeued", reason="CI_FAILURE"))
    assert story.texts() == ["✏️ bob took it out of the merge queue (ci failure)"]


def test_who_is_asked_later_is_told_and_who_is_asked_at_the_opening_is_on_the_card() -> None:
    story = Story()
    begun = opened().payload["pull_request"]
    story.take(
        github(
            "pull_request", "opened", pull_request={**begun, "updated_at": "2026-03-02T10:00:00Z"}
        )
    )
    assert story.take(asked("bob", "2026-03-02T10:00:05Z")) == []
    story.take(asked("bob", "2026-03-02T11:00:00Z"))
    story.take(asked("carol", "2026-03-02T11:00:02Z"))
    (text,) = story.texts()
    assert text.splitlines() == [
        "👀 alice asked bob for a review",
        "• 👀 asked carol for a review",
    ]


def test_what_somebody_changes_of_an_issue_at_once_is_one_reply() -> None:
    run = Bench(
        "version: 1\nrules:\n  - {on: issue.opened, post: '#dev'}\n"
        "  - {on: [issue.updated, issue.labeled, issue.assigned], reply: {}}\n"
    )
    place = {"number": 5, "title": "Slow", "html_url": f"{HOME}/issues/5"}

    def edit(action: str, **body: Any) -> list[Action]:
        run.now += timedelta(seconds=2) - timedelta(minutes=5)
        return list(run.take(github("issues", action, issue=place, **body)).actions)

    edit("opened")
    (first,) = edit("labeled", label={"name": "bug"})
    edit("assigned", assignee={"login": "carol"})
    (last,) = edit("milestoned", milestone={"title": "2.0"})
    assert (last.edit, last.root) == (True, first.id)
    assert last.message is not None
    told = "\n".join(render(part) for part in (last.message.text, *last.message.body))
    assert told.splitlines() == [
        "🗒️ bob added label `bug`",
        "• assigned carol",
        "• set the milestone to 2.0",
    ]


def test_a_reply_s_notification_tells_what_it_is_about() -> None:
    story = Story()
    (reply,) = story.take(note(1, "Rename this"))
    assert reply.message is not None
    assert render(reply.message.notice).splitlines() == [
        f"💬 bob <{HOME}/pull/12#discussion_r1|commented> on <{HOME}/pull/12|#12 Add search>"
        f" in <{HOME}|shop/web> at `search.py:1`",
        "&gt; Rename this",
    ]


def test_dismissing_one_s_own_review_takes_it_back() -> None:
    story = Story()
    story.take(review("approved"))
    story.take(review("dismissed", action="dismissed"))
    (text,) = story.texts()
    assert text.splitlines() == ["↩️ bob dismissed bob’s review", "• ~👍 approved~"]


def test_a_rule_with_its_own_words_answers_each_comment() -> None:
    story = Story(CARD.replace("comments, ", "") + "  - {on: comment.mr, reply: {text: hm}}\n")
    story.take(note(1, "One"))
    story.take(note(2, "Two"))
    assert story.texts() == ["hm", "hm"]


def test_a_rule_that_replies_in_default_words_puts_them_together() -> None:
    rules = CARD.replace("comments, ", "") + "  - {on: comment.mr, reply: {size: line}}\n"
    story = Story(rules)
    story.take(note(1, "One"))
    story.take(note(2, "Two"))
    assert story.sent == 1


def test_a_rule_for_edits_alone_still_tells_of_them() -> None:
    rules = CARD.replace("comments, ", "") + "  - {on: comment.edited, reply: {size: line}}\n"
    story = Story(rules)
    story.take(note(1, "One", "edited"))
    assert story.texts()[0].startswith("💬 bob <")


# -- reactions -----------------------------------------------------------------------------------


def reacted(found: list[Action]) -> list[str]:
    return [f"{'-' if one.remove else '+'}{one.emoji}" for one in found if one.verb == "react"]


def by(login: str, state: str, action: str = "submitted") -> Event:
    place = {"id": 70, "state": state, "user": {"login": login}}
    return github("pull_request_review", action, review=place, sender={"login": login})


def test_reactions_are_the_difference_to_what_was_put_before() -> None:
    bench = Bench(CARD)
    bench.take(opened())

    def after(event: Event) -> list[str]:
        return reacted(list(bench.take(event).actions))

    assert after(by("bob", "approved")) == ["+white_check_mark"]
    assert after(by("carol", "approved")) == []
    assert after(by("bob", "dismissed", "dismissed")) == [], "carol's approval remains"
    assert after(by("carol", "dismissed", "dismissed")) == ["-white_check_mark"]


def test_a_topic_that_is_not_followed_puts_nothing_on_the_card() -> None:
    bench = Bench(CARD.replace("reviews", "state"))
    bench.take(opened())
    assert reacted(list(bench.take(by("bob", "approved")).actions)) == []


def test_a_card_that_is_made_late_shows_at_once_what_was_before() -> None:
    rules = "version: 1\nrules:\n  - on: mr\n    if: {labels: bug}\n"
    bench = Bench(rules + "    card: {to: '#dev', follow: [reviews]}\n")
    assert bench.take(opened()).actions == ()
    assert bench.take(by("bob", "approved")).actions == ()
    bug = {"name": "bug"}
    labeled = github("pull_request", "labeled", label=bug)
    labeled = events.understand(
        Source(forge="github", instance="github", event="pull_request"),
        {
            **labeled.payload,
            "pull_request": {**labeled.payload["pull_request"], "labels": [bug]},
        },
    )
    card, mark = bench.take(labeled).actions
    assert (card.verb, mark.emoji, mark.root) == ("card", "white_check_mark", card.id)


def test_what_another_event_tells_too_does_not_reach_a_hook_s_own_channel() -> None:
    bench = Bench("version: 1\nrules: []\n", default_route="#dev")
    assert len(bench.take(opened()).actions) == 1
    assert bench.take(by("bob", "commented")).actions == ()
    created = {"ref": "search", "ref_type": "branch", "pull_request": None}
    assert bench.take(github("create", "", **created)).actions == ()
