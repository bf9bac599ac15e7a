"""Faults as people and machines read them: exact texts."""

from __future__ import annotations

import json

import pytest

from bot.errors import RulesError
from bot.model import Fault, Level
from bot.rules.faults import did_you_mean, format_faults, render_fault
from bot.rules.load import load
from tests.rules.rules_text import HEAD, errors_of, loaded


def rule(text: str) -> str:
    return f"rules:\n  - {text}\n"


#: Text of a file -> `line:column text (hint)`, its first nine lines being HEAD.
FAULTS = [
    (
        rule("{on: mr.opened, post: {chanel: dev}}"),
        "11:28 unknown key `chanel` in post (did you mean `channel`? here it is called `to`)",
    ),
    (
        rule("{on: push, if: {labels: bug}, post: dev}"),
        "11:21 `labels` never exists on push events (on: push has branch, author, commits,"
        " commit_count, commit, sha, paths, forced, project, group, actor, bot …"
        " (see `bot fields push`))",
    ),
    (rule("{on: pusj, post: dev}"), "11:10 unknown event `pusj` (did you mean `push`?)"),
    (
        rule("{on: push, if: {brnch: x}, post: dev}"),
        "11:21 unknown field `brnch` (did you mean `branch`?)",
    ),
    (
        rule("{on: push, post: dve}"),
        "11:22 channel `dve` is not declared (did you mean `dev`?)",
    ),
    (
        rule("{on: push, post: nowhere}"),
        "11:22 channel `nowhere` is not declared"
        ' (declare it under `channels:`, or write "#nowhere")',
    ),
    (
        rule("{on: push, post: '{{ branch }}'}"),
        "11:22 a channel is never made of an event's values (use `by:` and `map:`)",
    ),
    (
        rule("on: push\n    post: #dev"),
        '12:5 `post` has nothing after it (post: dev, or post: "#dev")',
    ),
    (rule("{on: push}"), "11:6 the rule does nothing (say what to do: `post: dev`)"),
    (rule("{post: dev}"), "11:6 the rule does not say when (add `on: push`)"),
    (
        rule("{on: push, labels: bug, post: dev}"),
        "11:16 unknown key `labels` in rule (`labels` goes under `if:`)",
    ),
    (
        rule("{on: push, chanel: dev, post: dev}"),
        "11:16 unknown key `chanel` in rule (there are name, on, every, list, each, project,"
        " group, branch, confidential, if, once, first …)",
    ),
    (
        rule("{on: push, draft: true, post: dev}"),
        "11:16 unknown key `draft` in rule (`draft` goes under `if:`)",
    ),
    (
        rule("{on: mr, if: {draft: yes}, post: dev}"),
        "11:26 `draft` is true or false, not `yes` (write `true`)",
    ),
    (
        rule("{on: mr, if: 'not draft && bot', post: dev}"),
        "11:29 `&&` is not understood (write `and`)",
    ),
    (
        rule("{on: mr, if: draft and titel == 'x', post: dev}"),
        "11:28 unknown field `titel` (did you mean `title`?)",
    ),
    (
        rule("{on: mr, if: {title: /(/}, post: dev}"),
        "11:26 missing ): ( in `title` (RE2 syntax)",
    ),
    (
        rule('{on: mr, post: {to: dev, text: "{{ titel }}"}}'),
        "11:40 unknown field `titel` (did you mean `title`?)",
    ),
    (
        rule('{on: mr, post: {to: dev, text: "{{ title | uper }}"}}'),
        "11:48 unknown filter `uper` (did you mean `upper`?)",
    ),
    (
        rule("on: mr\n    post:\n      to: dev\n      text: |\n        a\n        {{ b }}"),
        "16:12 unknown field `b` (`bot fields mr` prints them)",
    ),
    (
        rule('{on: mr, post: {to: dev, text: "<!here> {{ title }}"}}'),
        "11:37 `<!here>` in a text (write `mention: here` or `mention: channel` beside the text)",
    ),
    (
        rule("{on: mr, post: {to: dev, mention: [alic]}}"),
        "11:40 `alic` cannot be mentioned (did you mean `alice`?)",
    ),
    (
        rule("{on: mr, post: {to: dev, thread: mrs}}"),
        "11:38 `mrs` is no thread (did you mean `mr`?)",
    ),
    (
        rule("{on: mr, post: {to: dev, template: short}}"),
        "11:40 there is no template `short` (declare it under `templates:`)",
    ),
    (
        rule("{on: mr, card: {to: dev, text: hi}}"),
        "11:30 unknown key `text` in card"
        " (a card is made of its subject; for own words use `post`)",
    ),
    (
        rule("{on: mr, react: ':+1: yes'}"),
        "11:21 `:+1: yes` is no emoji's name (the name in Slack: white_check_mark)",
    ),
    (rule("{on: mr, card: {to: dev, follow: [reviws]}}"),
     "11:39 `reviws` is no follow (did you mean `reviews`?)"),
    (
        rule("{on: mr, post: {by: labels}}"),
        "11:14 `by` and `map` belong together (by: labels, map: {bug: dev})",
    ),
    (rule("{on: mr, post: {size: line}}"), "11:14 `post` does not say where to (post: {to: dev})"),
    (
        rule("{name: a, on: mr, post: dev}\n  - {name: a, on: push, post: dev}"),
        "12:12 the name `a` is taken (by the rule in rules.yaml:11)",
    ),
    (
        rule("{on: mr, rules: [{on: push, post: dev}]}"),
        "11:27 `push` is never one of the parent's mr",
    ),
    (
        rule("{on: mr, first: [{on: mr.opened, post: dev}]}"),
        "11:23 unknown key `on` in a child of `first`"
        " (the children of `first` share their parent's)",
    ),
    (
        rule("{name: b, on: mr, batch: daily 25:00, post: dev}"),
        "11:30 `daily 25:00` is no time (mon-fri 09:30, daily 09:00)",
    ),
    (rule("{on: mr, first: []}"), "11:21 `first` must be a list of rules, not an empty one"),
    (rule("{use: feed}"), "11:11 there is no macro `feed` (declare it under `macros:`)"),
    ("rule: []\n", "10:1 unknown key `rule` in the file (did you mean `rules`?)"),
    ("version: 2\n", "10:10 version `2` is not known (version: 1)"),
    (
        "defaults: {timezone: Mars/Olympus}\n",
        "10:22 `Mars/Olympus` is no time zone (for example Europe/Prague)",
    ),
    ("mute: [{until: 2026-12-31}]\n", "10:8 a mute of everything (project: group/name)"),
    (
        "mute: [{project: a/b, until: soon}]\n",
        "10:30 `soon` is no date (until: 2026-12-31)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FAULTS)
def test_a_fault_reads(text: str, expected: str) -> None:
    assert [str(fault).removeprefix("rules.yaml:").replace(" error ", " ", 1)
            for fault in errors_of(text)] == [expected]  # fmt: skip


def shown(text: str) -> str:
    with pytest.raises(RulesError) as caught:
        loaded(text)
    (fault,) = [fault for fault in caught.value.faults if fault.level is Level.ERROR]
    return render_fault(fault, HEAD + text)


def test_a_fault_is_shown_with_the_lines_around_it_and_a_caret() -> None:
    text = "rules:\n  - on: mr.opened\n    post:\n      chanel: dev\n"
    assert shown(text) == (
        "rules.yaml:13:7  error  unknown key `chanel` in post\n"
        "   11 |   - on: mr.opened\n"
        "   12 |     post:\n"
        "   13 |       chanel: dev\n"
        "              ^^^^^^ did you mean `channel`? here it is called `to`"
    )


def test_a_long_line_is_cut_around_the_fault() -> None:
    text = f"rules: [{{name: {'x' * 400}, on: pusj, post: dev}}]\n"
    lines = shown(text).splitlines()
    assert (
        lines[-2]
        .split("| ")[1][lines[-1].index("^") - lines[-2].index("| ") - 2 :]
        .startswith("pusj")
    )
    assert max(len(line) for line in lines[-2:-1]) < 200


FAULT = Fault(
    file="a,b.yaml",
    line=3,
    column=5,
    level=Level.ERROR,
    text="100% wrong",
    excerpt="    x: y",
    length=1,
    hint="do: that",
)


def test_github_annotations_escape_what_they_must() -> None:
    assert format_faults([FAULT], {}, as_="github") == (
        "::error file=a%2Cb.yaml,line=3,col=5,endColumn=6::100%25 wrong: do: that"
    )


def test_gitlab_gets_a_code_quality_report() -> None:
    (item,) = json.loads(format_faults([FAULT], {}, as_="gitlab"))
    assert item["severity"] == "major"
    assert item["location"] == {"path": "a,b.yaml", "lines": {"begin": 3}}
    assert item["description"] == "100% wrong: do: that"
    assert len(item["fingerprint"]) == 64


def test_json_holds_everything() -> None:
    (item,) = json.loads(format_faults([FAULT], {}, as_="json"))
    assert item == {
        "file": "a,b.yaml",
        "line": 3,
        "column": 5,
        "length": 1,
        "level": "error",
        "text": "100% wrong",
        "hint": "do: that",
        "excerpt": "    x: y",
    }


def test_many_warnings_hide_no_error() -> None:
    aliases = "".join(f"  unused{n}: C0DEV{n:04}\n" for n in range(600))
    doubled = "  - {name: a, on: push, post: dev}\n  - {name: b, on: push, post: dev}\n"
    text = f"channels:\n  dev: C0DEV0001\n{aliases}rules:\n{doubled}"
    warned = load({"rules.yaml": text}, "rules.yaml").warnings
    assert len(warned) == 500
    with pytest.raises(RulesError) as caught:
        load({"rules.yaml": f"{text}  - {{on: push, post: nowhere}}\n"}, "rules.yaml")
    assert "`nowhere`" in caught.value.faults[-1].text


def test_after_five_hundred_errors_the_rest_is_not_looked_at() -> None:
    text = "rules:\n" + "".join(f"  - {{onn: push, name: r{n}}}\n" for n in range(2_000))
    with pytest.raises(RulesError) as caught:
        load({"rules.yaml": text}, "rules.yaml")
    assert len(caught.value.faults) == 500


def test_the_nearest_of_very_many_words_is_still_found() -> None:
    many = [f"team-{n}" for n in range(5_000)]
    assert did_you_mean("team-77x", many) == "did you mean `team-77`?"
    assert did_you_mean("zebra", many) is None


def test_text_stands_without_a_source() -> None:
    fault = Fault(file="x", line=1, column=1, level=Level.ERROR, text="gone", hint="make it")
    assert format_faults([fault], {}, as_="text") == "x:1:1  error  gone\n   make it"
