"""What people write out of habit: each fault says what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot import events
from bot.errors import RulesError
from bot.model import Level
from bot.rules.catalogue import Catalogue
from bot.rules.expr import compile_expression
from bot.rules.expr_tokens import ExprError
from bot.rules.faults import Faults
from bot.rules.load import includes_of
from bot.rules.source import parse
from bot.worker.rulebook import snapshot
from tests.rules.rules_text import errors_of, loaded

if TYPE_CHECKING:
    from pathlib import Path


def hints_of(text: str) -> list[str | None]:
    return [fault.hint for fault in errors_of(text)]


def rule(text: str) -> str:
    return f"rules:\n  - {text}\n"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("pull_request", "here it is called `mr`"),
        ("merge_request", "here it is called `mr`"),
        ("pull_request.opened", "here it is called `mr.opened`"),
        ("pull_request.synchronize", "here it is called `mr.pushed`"),
        ("pr.ready_for_review", "here it is called `mr.ready`"),
        ("Merge Request Hook", "here it is called `mr`"),
        ("Push Hook", "did you mean `push`?"),
        ("Confidential Note Hook", "here it is called `comment`"),
        ("issue_comment", "here it is called `comment`"),
        ("workflow_run", "here it is called `pipeline`"),
        ("build", "here it is called `job`"),
        ("tag_push", "here it is called `tag`"),
        ("tag.created", "here it is called `tag`"),
        ("release.published", "here it is called `release`"),
        ("create", "here it is called `branch.created` or `tag`"),
        (
            "pull_request_review",
            "here it is called `mr.approved`, `mr.changes_requested` or `mr.reviewed`",
        ),
        ("dependabot_alert", "here it is called `vulnerability`"),
        ("pipeline.cancelled", "did you mean `pipeline.canceled`?"),
        ("pipeline.succeeded", "did you mean `pipeline.success`?"),
        ("mr.comment", "a comment on one is `comment.mr`"),
        ("push.force", "a push with `if: {forced: true}`"),
        ("MR.Opened", "did you mean `mr.opened`?"),
        ("mr opened", "did you mean `mr.opened`?"),
        ("mr, push", "several events are a list: on: [mr, push]"),
        ('"*"', "`any` means every event"),
        ("ping", "a forge only tries the hook with it: nothing comes of it"),
        ("schedule", "a rule that a clock starts has `every:` instead of `on:`"),
        ("nonsense", "`bot fields` lists every event"),
        ("{push: [main]}", "on: [push, mr]; `branch:` and `if:` stand beside it"),
    ],
)
def test_an_event_by_another_name_is_told_by_its_own(word: str, hint: str) -> None:
    assert hints_of(f"rules:\n  - on: {word}\n    post: dev\n")[:1] == [hint]


def test_an_action_that_no_family_has_is_answered_with_those_it_has() -> None:
    (hint,) = hints_of(rule("{on: check_run.completed, post: dev}"))
    assert hint is not None
    assert hint.startswith("there are job.started, job.failed, job.success")


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("{label: bug}", "here it is called `labels`"),
        ("{target_branch: main}", "here it is called `target`"),
        ("{user: alice}", "there it is called `actor`"),
        ("{repository: a/b}", "here it is called `project`"),
        ("{event.title: x}", "did you mean `title`?"),
        ("{or: [{draft: true}, {bot: true}]}", "that is `any: [{…}, {…}]`"),
        ("[{draft: true}, {bot: true}]", "that is `if: {all: […]}`, or `{any: […]}`"),
        ("{draft: maybe}", "write `true` or `false`"),
        ('{draft: "no"}', "write `false`"),
        ("{title: {regex: wip}}", "a pattern stands between slashes: /wip/i"),
        ("{title: '/(?!wip)/'}", "patterns do not look around: {not: /…/} beside it"),
        ("{labels: {and: [a, b]}}", "that is `all`"),
    ],
)
def test_a_condition_by_another_name_is_told_by_its_own(condition: str, hint: str) -> None:
    assert hints_of(rule(f"{{on: mr.opened, if: {condition}, post: dev}}"))[0] == hint


def test_a_duration_in_words_is_told_in_letters() -> None:
    text = rule('{on: pipeline, if: {duration: "> 10 minutes"}, post: dev}')
    assert hints_of(text) == ['write "> 10m"']


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("draft is false", "write `==`; for a value or none, the map form: if: {milestone: set}"),
        ("title contains 'x'", 'write `"x" in title`, `"bug" in labels`'),
        ("title =~ /wip/", "for a pattern, use the map form: if: {title: /wip/i}"),
        ("title.startswith('x')", "the map form has it: if: {title: {starts: feat}}"),
        ("draft AND bot", "write `and`"),
        ("author == alice", 'for a text: "alice"'),
        ("actor_role == owner", 'for a text: "owner"'),
        ("target_branch == 'main'", "here it is called `target`"),
        (
            "milestone == null",
            "for no value write `len(…) == 0`, or `unset` in the map form of `if:`",
        ),
        ("${{ draft }}", "a field is named alone, as in `draft`"),
        ("duration > 10min", "write 10m"),
        ("additions > 2h", "leave the unit out"),
        ("draft == 'true'", "leave the quotes out: true"),
    ],
)
def test_an_expression_of_another_language_is_answered_in_ours(source: str, hint: str) -> None:
    with pytest.raises(ExprError) as caught:
        compile_expression(source, Catalogue.of(events.ALL))
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("batch: {quiet: 10min, max_wait: 1h}", "quiet: 10m"),
        ("batch: {quiet: 10m, max_wait: 1 hour}", "max_wait: 1h"),
        ("batch: 5m", "batch: {quiet: 5m, max_wait: 1h}, or a time: batch: daily 09:00"),
        ("batch: daily 9am", "daily 09:00"),
        ("batch: weekdays 17:00", "mon-fri 17:00"),
        ("throttle: 15m", "throttle: {every: 15m}"),
        ("throttle: {every: 15}", "every: 15m"),
        (
            'during: "09:00-18:00"',
            'declare them: hours: {work: {days: mon-fri, from: "09:00", to: "18:00"}}, and say'
            " the name",
        ),
        ("once: true", "did you mean `mr`?"),
        ("once: merge_request", "did you mean `mr`?"),
        ("stop: yes", "write `true`"),
        ("channel: dev", "say what to do: `post: dev`"),
        ("notify: dev", "here it is called `post`"),
        ("filter: {draft: true}", "here it is called `if`"),
        ("branches: [main]", "here it is called `branch`"),
    ],
)
def test_a_word_about_a_rule_is_answered_with_the_word_to_write(words: str, hint: str) -> None:
    text = f"rules:\n  - name: x\n    on: mr.opened\n    post: dev\n    {words}\n"
    assert hints_of(text) == [hint]


@pytest.mark.parametrize(
    ("when", "hint"),
    [
        ("monday 9:30", "mon 09:30"),
        ("weekdays 09:30", "mon-fri 09:30"),
        ("every day at 9pm", "daily 21:00"),
        ('"30 9 * * mon-fri"', '{cron: "30 9 * * mon-fri"}'),
        ("1h", '{cron: "0 * * * *"}'),
        ("friday", "fri 09:00"),
        ("soon", "mon-fri 09:30, daily 09:00"),
    ],
)
def test_a_schedule_in_other_words_is_told_in_ours(when: str, hint: str) -> None:
    assert hints_of(f"rules:\n  - every: {when}\n    list: open_mrs\n    post: dev\n") == [hint]


@pytest.mark.parametrize(
    ("window", "hint"),
    [
        ("{days: weekdays, from: '09:00', to: '18:00'}", "days: mon-fri"),
        ("{days: [mon, tue], from: '09:00', to: '18:00'}", "days: mon,tue"),
        ("{from: 9am, to: '18:00'}", 'from: "09:00"'),
        ("{from: '09:00', to: 18}", 'to: "18:00"'),
        ("{start: '09:00', to: '18:00'}", "here it is called `from`"),
    ],
)
def test_hours_in_other_words_are_told_in_ours(window: str, hint: str) -> None:
    assert [f.hint for f in errors_of(f"hours: {{w: {window}}}\nrules: []\n", head="")] == [hint]


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ('"https://team.slack.com/archives/C0DEV0001"', "write its id: C0DEV0001"),
        ('"<#C0DEV0001|dev>"', "write its id: C0DEV0001"),
        ("Dev", "did you mean `dev`?"),
        ("alice", "that is a person: dm: {to: {person: alice}}"),
        ('"well done"', "this names the channel; what is said is `text:`"),
    ],
)
def test_a_channel_by_another_name_is_told(where: str, hint: str) -> None:
    assert hints_of(rule(f"{{on: mr.opened, post: {where}}}")) == [hint]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("{{ title | bold }}", "*bold*, _italic_"),
        ("{{ title | safe }}", "values are always escaped"),
        ("{{ title", "`}}` is missing"),
        ("{% if draft %}x", "end it with `{% endif %}`"),
        ("{% with x = 1 %}", "there are `{% if %}` and `{% for %}`"),
        ("{{ author.email }}", "`author.username`"),
    ],
)
def test_a_text_of_another_language_is_answered_in_ours(text: str, hint: str) -> None:
    (said,) = hints_of(rule(f"{{on: mr.opened, post: {{to: dev, text: '{text}'}}}}"))
    assert hint in (said or "")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("@here it is", "`@here` in a text pings nobody (rule `x`)"),
        ("new: {title}", "`{title}` is shown as it stands (rule `x`)"),
    ],
)
def test_a_text_that_only_looks_as_if_it_did_something_is_warned_of(
    text: str, warning: str
) -> None:
    made = loaded(rule(f"{{name: x, on: mr.opened, post: {{to: dev, text: '{text}'}}}}"))
    assert warning in [fault.text for fault in made.warnings]


def test_braces_that_name_no_field_are_left_alone() -> None:
    made = loaded(rule("{name: x, on: mr.opened, post: {to: dev, text: 'f{oo} me@here.org'}}"))
    assert not [fault for fault in made.warnings if "rule `x`" in fault.text]


@pytest.mark.parametrize(
    ("text", "place", "said", "hint"),
    [
        (
            "rules:\n- on: push\n   project: a/b\n",
            (3, 4),
            "`project` is indented so that it belongs to nothing",
            "what belongs together begins in one column: here 3, below `on`",
        ),
        (
            "rules:\n  - on: push\n  post: dev\n",
            (3, 3),
            "`post` is indented so that it belongs to nothing",
            "what belongs together begins in one column: here 5, below `on`",
        ),
        (
            "rules:\n  - on:push\n    post: dev\n",
            (2, 5),
            "`on:push` is no `key: value`",
            "a space after the colon: `on: push`",
        ),
        ("rules:\n  - on: push\n    post dev\n", (3, 5), "`post dev` is no `key: value`", "is a"),
        ("rules: - on: push\n", (1, 8), "a list begins in a line of its own", "break the line"),
        (
            "rules:\n  - on: push\n - on: mr\n",
            (3, 2),
            "this `-` is in no column of a list",
            "the entries of a list begin in one column: here 3",
        ),
        ("a: {b: c\nd: e\n", (1, 4), "`{` is not closed", "`}` is missing"),
        ("a: [b, c\nd: e\n", (1, 4), "`[` is not closed", "`]` is missing"),
        ("a: [{b: c}}]\n", (1, 11), "a `}` too many", "each closes"),
        ("a: {b: c: d}\n", (1, 9), "this `:` makes no sense within a text", "a text that"),
        ('a: {b: "c" d: e}\n', (1, 12), "the text goes on", "quote the whole"),
        ('a: "b\nc: d\n', (1, 4), "a quote is not closed", "put the closing"),
        (
            'if: "bug" in labels\n',
            (1, 11),
            "the text goes on after its closing quote",
            "quote the whole text: '\"bug\" in labels'",
        ),
        (
            "text: 'it's done'\n",
            (1, 11),
            "the text goes on after its closing quote",
            "inside '…' an apostrophe is written twice: '', or use \"…\"",
        ),
        ("if: !draft\n", (1, 5), "`!draft` is read as a YAML tag", "write `not draft`"),
    ],
)
def test_what_cannot_be_read_as_yaml_says_what_was_meant(
    text: str, place: tuple[int, int], said: str, hint: str
) -> None:
    faults = Faults({"rules.yaml": text})
    parse("rules.yaml", text, faults)
    (fault,) = faults.of_level(Level.ERROR)
    assert (fault.line, fault.column) == place
    assert fault.text.startswith(said)
    assert (fault.hint or "").startswith(hint)


def test_what_belongs_below_an_empty_verb_is_told_to_be_indented() -> None:
    assert hints_of("rules:\n  - on: push\n    post:\n    to: dev\n") == [
        'post: dev, or post: "#dev"',
        "indent it, so that it stands below `post:`",
    ]


def test_braces_without_quotes_are_one_fault() -> None:
    text = rule("{on: mr.opened, post: {to: dev, text: {{ title }}}}")
    assert hints_of(text) == ['quote the text: "{{ … }}"']


def test_a_rule_with_a_fault_is_not_compared_with_others() -> None:
    with pytest.raises(RulesError) as caught:
        loaded("rules:\n  - {on: pusj, post: dev}\n  - {on: pusk, post: dev}\n")
    assert [fault.text for fault in caught.value.faults] == [
        "unknown event `pusj`",
        "unknown event `pusk`",
    ]


def test_a_file_that_is_not_utf8_shows_where(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"rules:\n  - name: caf\xe9\n")
    with pytest.raises(RulesError) as caught:
        snapshot(path, includes_of)
    (fault,) = caught.value.faults
    assert (fault.line, fault.column, fault.hint) == (2, 14, "save the file as UTF-8")
    assert fault.excerpt == "  - name: café"


def test_a_byte_order_mark_is_not_shown() -> None:
    (fault,) = errors_of("\ufeffrules: [{on: pusj, post: '#dev'}]\n", head="")
    assert fault.excerpt == "rules: [{on: pusj, post: '#dev'}]"
    assert fault.column == 14
